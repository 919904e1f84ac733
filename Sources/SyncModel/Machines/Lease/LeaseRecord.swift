/// What a node writes into the lock object.
///
/// One line: `martlet NODE RUN NUMBER MILLISECONDS`, and `released` behind it where the server deletes nothing
/// conditionally. The number grows with every write, so that no two of them have the same ETag. s3-sync2 compares the
/// whole body with its own uid, which this never is.
package struct LeaseRecord: Hashable, Sendable {
  /// For people.
  package var node: String
  /// Random; which run of which node.
  package var run: String
  package var number: UInt64
  /// After which silence the node counts as gone, nanoseconds.
  package var timeout: Int64
  package var isReleased: Bool

  private static let mark = "martlet"
  private static let millisecond: Int64 = 1_000_000
  /// Whoever asks for more is not believed; a day in milliseconds.
  private static let longestTimeout: Int64 = 86_400_000

  /// - Parameter node: without blanks.
  package init(node: String, run: String, number: UInt64, timeout: Int64, isReleased: Bool = false) {
    self.node = node
    self.run = run
    self.number = number
    self.timeout = timeout
    self.isReleased = isReleased
  }

  /// Nil: of somebody else, such as s3-sync2.
  package init?(body: String) {
    let words = body.split(whereSeparator: \.isWhitespace)
    guard words.count == 5 || words.count == 6 && words[5] == "released", words[0] == Self.mark,
      let number = UInt64(words[3]), let milliseconds = Int64(words[4]), milliseconds > 0
    else { return nil }
    self.init(
      node: String(words[1]), run: String(words[2]), number: number,
      timeout: min(milliseconds, Self.longestTimeout) * Self.millisecond, isReleased: words.count == 6)
  }

  package var body: String {
    "\(Self.mark) \(node) \(run) \(number) \(timeout / Self.millisecond)" + (isReleased ? " released\n" : "\n")
  }
}

/// The lock object as a reply showed it.
package struct ObservedLock: Hashable, Sendable {
  package var etag: String
  package var lastModified: Timestamp
  /// The server's clock in the same reply.
  package var date: Timestamp?
  /// Nil: the lock of another program.
  package var record: LeaseRecord?
  /// Who holds it, for people.
  package var holder: String

  private static let longestName = 64

  package init(etag: String, lastModified: Timestamp, date: Timestamp?, body: String) {
    self.etag = etag
    self.lastModified = lastModified
    self.date = date
    record = LeaseRecord(body: body)
    let name = record?.node ?? body.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? "somebody"
    // It comes from the bucket and goes to terminals.
    holder = String(name.prefix(Self.longestName).map { $0.isASCII && !$0.isControl ? $0 : "?" })
  }

  /// Whether both are the same write, as far as can be seen: a body that is written again keeps its ETag.
  func isSame(as other: ObservedLock) -> Bool { etag == other.etag && lastModified == other.lastModified }
}

extension Character {
  fileprivate var isControl: Bool { unicodeScalars.contains { $0.properties.generalCategory == .control } }
}
