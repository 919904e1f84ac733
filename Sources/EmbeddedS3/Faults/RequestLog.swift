import NIOConcurrencyHelpers

/// What the server was asked: counts by call, and the newest requests one by one.
package final class RequestLog: Sendable {
  /// More than any test asks about; older ones are forgotten.
  private static let limit = 200_000

  package struct Entry: Sendable, Codable {
    package var operation: S3Operation
    package var bucket: String
    /// The key, or the prefix of a listing.
    package var key: String
    package var status: Int
    /// `PUT /bucket/key`, as sent, and the headers by lower-case name; nil unless ``RequestLog/keepsHeads``.
    package var target: String?
    package var headers: [String: String]?
  }

  private let state = NIOLockedValueBox(State())

  private struct State {
    var counts: [S3Operation: Int] = [:]
    var entries: [Entry] = []
    var keepsHeads = false
  }

  /// Whether entries hold all that the heads of the requests say, keys of customers included.
  package var keepsHeads: Bool {
    get { self.state.withLockedValue { $0.keepsHeads } }
    set { self.state.withLockedValue { $0.keepsHeads = newValue } }
  }

  /// How often each call was made; a dropped one counts too.
  package var counts: [S3Operation: Int] { self.state.withLockedValue { $0.counts } }

  package func count(_ operation: S3Operation) -> Int { self.counts[operation] ?? 0 }

  package var total: Int { self.counts.values.reduce(0, +) }

  /// Oldest first. A dropped call has status 0.
  package var entries: [Entry] { self.state.withLockedValue { $0.entries } }

  package func reset() {
    self.state.withLockedValue { state in
      state.counts = [:]
      state.entries = []
    }
  }

  func record(_ entry: Entry) {
    self.state.withLockedValue { state in
      state.counts[entry.operation, default: 0] += 1
      if state.entries.count >= Self.limit { state.entries.removeFirst(Self.limit / 2) }
      state.entries.append(entry)
    }
  }
}
