internal import SyncModel

/// What this node wrote and has not heard of yet: an event of it is an echo, and none for long says that the feed is
/// dead. Pure; times are nanoseconds of one monotonic clock.
struct OwnWrites: Sendable {
  private struct Version: Hashable, Sendable {
    var etag: String
    var versionID: String?
    var time: Int64
  }

  private let capacity: Int
  private var versions: [RelativePath: [Version]] = [:]
  private var count = 0
  /// ETags of events that came before the reply to the write that they tell of.
  private var early: [RelativePath: String] = [:]
  /// Of the first write that no event of itself or of a later one has come for.
  private var unheardSince: Int64?
  private var newest: Int64 = 0

  private static let maximumEarly = 1000

  /// Above this many, all are forgotten: an echo that is not recognised costs a look.
  init(capacity: Int = 20_000) { self.capacity = capacity }

  /// Content of ours stands there.
  mutating func wrote(_ path: RelativePath, etag: String, versionID: String?, now: Int64) {
    if early[path] == etag {
      early[path] = nil
      return
    }
    if count >= capacity {
      versions = [:]
      count = 0
    }
    versions[path, default: []].append(Version(etag: etag, versionID: versionID, time: now))
    count += 1
    newest = now
    unheardSince = unheardSince ?? now
  }

  /// Whether the event tells only what we did ourselves; each write has one echo. Copies never count: they may have
  /// kept the ETag and changed metadata.
  mutating func isEcho(_ event: ObjectEvent, of path: RelativePath) -> Bool {
    guard event.kind == .written else { return false }
    guard var known = versions[path], let index = known.firstIndex(where: { $0.etag == event.etag }) else {
      if early.count >= Self.maximumEarly { early = [:] }
      early[path] = event.etag
      return false
    }
    let version = known[index]
    // What it has replaced is heard of late, if at all.
    count -= index + 1
    known.removeSubrange(...index)
    versions[path] = known.isEmpty ? nil : known
    if let since = unheardSince, version.time >= since {
      unheardSince = version.time < newest ? version.time + 1 : nil
    }
    return version.versionID == event.versionID
  }

  /// How long nothing has come of what we wrote.
  func silence(now: Int64) -> Int64 { unheardSince.map { now - $0 } ?? 0 }

  /// What was written until now proves nothing any more.
  mutating func forget() { self = OwnWrites(capacity: capacity) }
}
