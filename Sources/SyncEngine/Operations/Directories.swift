import SyncModel

extension Engine {
  /// A folder that is emptied and filled again within this time raises no traffic.
  static var markerSettle: Duration { .seconds(5) }

  func makeLocalDirectory(_ path: RelativePath, _ sight: Sight) async throws -> Outcome? {
    let stamp = try await local.makeDirectory(path, metadata: nil)
    if let parent = path.parent { try await directorySync.sync(parent, in: local) }
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
      return .later(Self.markerSettle)
    }
    sight.local = try await observeLocal(path, &sight)
    guard case .present(let stamp, _) = sight.local, !sight.neighbours.localHasEntries else {
      markersDue[path] = nil
      return nil
    }
    do {
      let version = try await remote.put(path, .empty(stamp), metadata: stamp.metadata, replacing: nil)
      markersDue[path] = nil
      try await record(directory: path, stamp, remote: version)
      committed(path, .markerPut)
      return .settled
    } catch let failure as RemoteFailure where failure.code == .conditionFailed {
      try await observeRemote(path, &sight)
      return nil
    }
  }
}

extension SmallContent {
  /// The content of a directory's marker.
  static func empty(_ stamp: LocalStamp) -> SmallContent {
    SmallContent(bytes: [], fingerprint: Fingerprint(size: 0, crc64: 0), stamp: stamp, isProvisional: false)
  }
}
