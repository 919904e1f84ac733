import SyncModel

/// Groups the fsyncs of directories: while one group is being written the next one gathers.
actor DirectorySync {
  private struct Waiter {
    let directory: RelativePath
    let continuation: CheckedContinuation<Void, any Error>
  }

  private let write: @Sendable (Set<RelativePath>) async throws -> Void
  private var gathering: [Waiter] = []
  private var isWriting = false

  init(write: @escaping @Sendable (Set<RelativePath>) async throws -> Void) { self.write = write }

  var waiting: Int { gathering.count }

  /// Returns when the names in `directory` are durable.
  func sync(_ directory: RelativePath) async throws {
    if isWriting {
      return try await withCheckedThrowingContinuation {
        gathering.append(Waiter(directory: directory, continuation: $0))
      }
    }
    isWriting = true
    defer { isWriting = false }
    let result = await outcome(of: [directory])
    while !gathering.isEmpty {
      let group = gathering
      gathering = []
      await sync(group)
    }
    try result.get()
  }

  /// One folder that may not be opened says nothing about the names in another.
  private func sync(_ group: [Waiter]) async {
    let directories = Set(group.map(\.directory))
    let together = await outcome(of: directories)
    for waiter in group {
      var result = together
      if case .failure = together, directories.count > 1 { result = await outcome(of: [waiter.directory]) }
      waiter.continuation.resume(with: result)
    }
  }

  private func outcome(of directories: Set<RelativePath>) async -> Result<Void, any Error> {
    do {
      try await write(directories)
      return .success(())
    } catch {
      return .failure(error)
    }
  }
}
