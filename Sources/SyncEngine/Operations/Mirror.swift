import SyncModel

/// What a mirror at the start takes away: the versions that a look at everything saw on one side alone, and no others.
struct Mirror: Sendable {
  enum Version: Hashable, Sendable {
    case local(LocalStamp)
    case remote(RemoteStamp)

    var side: DeletionSide {
      switch self {
      case .local: .local
      case .remote: .remote
      }
    }
  }

  static let capacity = DeletionSpool.capacity

  /// Passes look for what is to go: until one has found all of it.
  private(set) var isSeeking = false
  /// The wall clock's time at which the run began.
  private var begun = Timestamp(nanoseconds: 0)
  private var found: [RelativePath: Version] = [:]
  /// Files that the pass under way could not note; they count for the guard all the same.
  private var left: [DeletionSide: Int] = [:]

  mutating func begin(at time: Timestamp) {
    isSeeking = true
    begun = time
  }

  mutating func beginPass() { left = [:] }

  /// Whether a path may go, as a pass sees it. What was written since the start is none of what the mirror is about,
  /// and conflict copies are never deleted.
  func maySeek(_ path: RelativePath, _ local: LocalState) -> Bool {
    guard isSeeking, !ConflictName.isConflictCopy(path) else { return false }
    return local.stamp.map { $0.changed <= begun } ?? true
  }

  /// False: there is no room for it now, the next pass finds it again.
  mutating func note(_ path: RelativePath, _ version: Version) -> Bool {
    guard found.count < Self.capacity || found[path] != nil else {
      if !path.isDirectory { left[version.side, default: 0] += 1 }
      return false
    }
    found[path] = version
    return true
  }

  /// Whether the path still is as it was found.
  func takes(_ path: RelativePath, _ local: LocalState, _ remote: RemoteState) -> Bool {
    switch found[path] {
    case nil: return false
    case .remote(let version): return remote.stamp?.isSameVersion(as: version) ?? false
    case .local(let stamp):
      guard let now = local.stamp else { return false }
      if stamp.kind != .directory { return now == stamp }
      // Its times change with every file that goes.
      return now.kind == .directory && now.inode == stamp.inode && now.mount == stamp.mount
    }
  }

  func takes(_ path: RelativePath) -> Bool { found[path] != nil }

  func takesObject(_ path: RelativePath) -> Bool { found[path]?.side == .remote }

  mutating func settled(_ path: RelativePath) { if !found.isEmpty { found[path] = nil } }

  /// Gives up what a look at everything has not found any more, unless `isPending`.
  mutating func keep(_ seen: Set<RelativePath>, or isPending: (RelativePath) -> Bool) {
    found = found.filter { seen.contains($0.key) || isPending($0.key) }
  }

  /// Files that are to go on a side.
  func count(_ side: DeletionSide) -> Int {
    found.count { $0.value.side == side && !$0.key.isDirectory } + (left[side] ?? 0)
  }

  /// What was derived from a look that did not reach its end proves nothing.
  mutating func dropUnproven() {
    if isSeeking { found = [:] }
    left = [:]
  }

  /// True: the next pass finds more.
  mutating func endPass() -> Bool {
    guard isSeeking else { return false }
    isSeeking = !left.isEmpty
    return isSeeking
  }
}

extension Engine {
  /// The user's decisions for a path as it is seen now. What is carried out must be what a pass found.
  func policy(
    for path: RelativePath, _ local: LocalState, _ remote: RemoteState, deletes: Bool = false, isExisting: Bool = false
  ) -> Policy {
    var policy = options.policy(for: path)
    if policy.existing != .uploaded { policy.existing = .leftAlone(isMeeting: isExisting && isExistingHere(local)) }
    if policy.mirror == nil || mirror.takes(path, local, remote) { return policy }
    if deletes || !mirror.maySeek(path, local) { policy.mirror = nil }
    return policy
  }

  /// No pass has found yet what is to go.
  var awaitsMirror: Bool { mirror.isSeeking && !status.firstPassCompleted }

  /// The version that only a mirror takes away with this operation.
  func taken(by operation: Operation, _ row: BaseEntry?) -> Mirror.Version? {
    if let row, row.isAgreed { return nil }
    return switch operation {
    case .deleteLocal(let stamp), .removeLocalDirectory(let stamp): .local(stamp)
    case .deleteRemote(let version), .deleteMarker(let version): .remote(version)
    default: nil
    }
  }

  /// A mirror does not take the absence on its side for a deletion; without its row no retry does so either.
  func forgetAbsence(_ direction: SyncDirection, _ path: RelativePath, _ sight: inout Sight) async throws {
    guard sight.base != nil, options.policy.mirror == direction, mirror.maySeek(path, sight.local) else { return }
    try await forget(path)
    sight.base = nil
  }

  /// What is derived from a look at everything counts only if that reached its end.
  func dropUnproven() {
    spool.dropUnproven()
    mirror.dropUnproven()
  }

  /// An object that nobody here ever had is kept before it goes: it may be nowhere else.
  func keepUnknown(_ path: RelativePath, _ version: RemoteStamp) async throws {
    turn(path, .keptBeforeDeletion)
    if version.size > options.largeSize {
      try await inLane { try await keepInTrash(path, version) }
    } else {
      try await keepInTrash(path, version)
    }
  }
}
