import SyncModel

/// Open intents by path, oldest first.
struct OpenIntents: Sendable {
  private var byPath: [RelativePath: [Intent]] = [:]
  private var known: [Intent.ID: Known] = [:]

  private struct Known {
    /// Uptime nanoseconds.
    var since: Int64
    /// Of an earlier run.
    var isLoaded: Bool
  }

  /// AWS refuses a request whose signature is older than 15 minutes: after that nothing can still land.
  private static let uncertainty: Duration = .seconds(16 * 60)

  /// Between a local clock that nobody set and the server's.
  private static let clockDifference: Duration = .seconds(2 * 3600)

  func all(for path: RelativePath) -> [Intent] { byPath[path] ?? [] }

  /// Uploads in parts that may have been begun, or may still begin, and whose id nobody knows.
  var unnamed: [Intent] {
    byPath.values.joined().filter(\.isUnnamed).sorted { ($0.openedAt, $0.id.value) < ($1.openedAt, $1.id.value) }
  }

  /// - Parameter now: uptime nanoseconds.
  mutating func put(_ intent: Intent, now: Int64, isLoaded: Bool = false) {
    if known[intent.id] == nil { known[intent.id] = Known(since: now, isLoaded: isLoaded) }
    let path = RelativePath(unchecked: intent.path)
    var list = byPath[path] ?? []
    if let index = list.firstIndex(where: { $0.id == intent.id }) { list[index] = intent } else { list.append(intent) }
    byPath[path] = list
  }

  mutating func remove(_ intent: Intent) {
    let path = RelativePath(unchecked: intent.path)
    byPath[path]?.removeAll { $0.id == intent.id }
    if byPath[path]?.isEmpty == true { byPath[path] = nil }
    known[intent.id] = nil
  }

  /// What was sent for it cannot land any more. A wall clock may have been set since it was sent; only of an earlier
  /// run's it tells more than the uptime, or short runs would keep it for ever.
  ///
  /// - Parameter now: uptime nanoseconds.
  func isOver(_ intent: Intent, now: Int64, wallTime: Timestamp) -> Bool {
    guard let known = known[intent.id] else { return false }
    if .nanoseconds(now - known.since) > Self.uncertainty { return true }
    let age = Timestamp(nanoseconds: intent.openedAt).duration(to: wallTime)
    return known.isLoaded && age > Self.uncertainty + Self.clockDifference
  }

  /// Whether an upload that was begun then may be the one that this intent asked for.
  static func mayBegin(_ intent: Intent, at time: Timestamp) -> Bool {
    let delay = Timestamp(nanoseconds: intent.openedAt).duration(to: time)
    return (.zero - clockDifference...uncertainty + clockDifference).contains(delay)
  }
}

extension Intent {
  mutating func describe(_ fingerprint: Fingerprint?, _ metadata: EntryMetadata) {
    size = fingerprint?.size
    crc64 = fingerprint?.crc64
    mode = metadata.mode
    modified = metadata.modified?.nanoseconds
    owner = metadata.owner.map { IntentOwner(user: $0.user, group: $0.group) }
    entryKind = metadata.kind.rawValue
  }

  /// Whether the upload in parts that was begun may hold this version: its metadata went out with its begin.
  func canGoOn(with metadata: EntryMetadata, size: Int64) -> Bool {
    upload?.size == size && self.metadata == metadata
  }

  /// The reply with the upload's id was lost or did not come yet.
  var isUnnamed: Bool { kind == .multipart && upload == nil }

  var fingerprint: Fingerprint? {
    guard let size, let crc64 else { return nil }
    return Fingerprint(size: size, crc64: crc64)
  }

  var metadata: EntryMetadata {
    EntryMetadata(
      kind: entryKind.flatMap(EntryKind.init(rawValue:)) ?? .file, mode: mode,
      modified: modified.map(Timestamp.init(nanoseconds:)), owner: owner?.owner)
  }
}
