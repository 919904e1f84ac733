import SyncModel

/// Groups the fsyncs of directories: while one group is being written the next one gathers.
actor DirectorySync {
  private var gathering: Set<RelativePath> = []
  private var waiters: [CheckedContinuation<Void, any Error>] = []
  private var isWriting = false

  /// Returns when the names in `directory` are durable.
  func sync(_ directory: RelativePath, in local: any LocalTreePort) async throws {
    gathering.insert(directory)
    if isWriting {
      try await withCheckedThrowingContinuation { waiters.append($0) }
      return
    }
    isWriting = true
    defer { isWriting = false }
    let own = gathering
    gathering = []
    let result = await Self.write(own, in: local)
    while !waiters.isEmpty {
      let group = waiters
      let directories = gathering
      waiters = []
      gathering = []
      let outcome = await Self.write(directories, in: local)
      for waiter in group { waiter.resume(with: outcome) }
    }
    try result.get()
  }

  private static func write(_ directories: Set<RelativePath>, in local: any LocalTreePort) async
    -> Result<Void, any Error>
  {
    do {
      try await local.sync(directories)
      return .success(())
    } catch {
      return .failure(error)
    }
  }
}
