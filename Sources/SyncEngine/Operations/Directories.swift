import SyncModel

extension Engine {
  /// A folder that is emptied and filled again within this time raises no traffic.
  static var markerSettle: Duration { .seconds(5) }

  func makeLocalDirectory(_ path: RelativePath, _ sight: Sight) async throws -> Outcome? {
    let stamp = try await local.makeDirectory(path, metadata: nil)
    if let parent = path.parent { try await directorySync.sync(parent) }
    try await record(directory: path, stamp, remote: sight.remote.stamp)
    committed(path, .directoryMade)
    return .settled
  }

  func removeLocalDirectory(_ path: RelativePath, _ sight: inout Sight) async throws -> Outcome? {
    switch try await local.removeDirectory(path) {
    case .removed, .absent:
      try await forget(path)
      committed(path, .directoryRemoved)
    case .notEmpty:
      // Only what is excluded is left, or something new that will be uploaded: the folder stays.
      break
    }
    return .settled
  }

  func putMarker(_ path: RelativePath, _ sight: inout Sight) async throws -> Outcome? {
    if let since = markersDue[path] {
      guard environment.uptime() - since >= Self.markerSettle.nanoseconds else { return .later(Self.markerSettle) }
    } else if !options.once {
      markersDue[path] = environment.uptime()
      turn(path, .markerWaits)
      return .later(Self.markerSettle)
    }
    sight.local = try await observeLocal(path, &sight)
    guard case .present(let stamp, _) = sight.local,
      options.policy.directories == .all || !sight.neighbours.localHasEntries
    else {
      markersDue[path] = nil
      return nil
    }
    do {
      try await sendMarker(path, stamp)
      markersDue[path] = nil
      return .settled
    } catch let failure as RemoteFailure where failure.code == .conditionFailed {
      try await observeRemote(path, &sight)
      return nil
    }
  }

  /// Creates the marker of a folder.
  func sendMarker(_ path: RelativePath, _ stamp: LocalStamp) async throws {
    let empty = SmallContent.empty(stamp)
    var intent = newIntent(.put, path, nil)
    intent.describe(empty.fingerprint, stamp.metadata)
    try await open(intent)
    let version: RemoteStamp
    do {
      version = try await sending(intent) {
        try await remote.put(path, empty, metadata: stamp.metadata, replacing: nil)
      }
    } catch let failure as RemoteFailure where failure.code == .conditionFailed {
      // A marker is there, whoever made it.
      turn(path, .markerWasThere)
      try await close(intent)
      throw failure
    }
    try await record(directory: path, stamp, remote: version)
    for open in takeIntents(for: path, endedBy: intent) { try await close(open) }
    committed(path, .markerPut)
  }
}

extension SmallContent {
  /// The content of a directory's marker.
  static func empty(_ stamp: LocalStamp) -> SmallContent {
    SmallContent(bytes: [], fingerprint: Fingerprint(size: 0, crc64: 0), stamp: stamp, isProvisional: false)
  }
}
