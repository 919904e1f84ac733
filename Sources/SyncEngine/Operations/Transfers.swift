import SyncModel

extension Engine {
  func begin(_ direction: Transfer.Direction, _ path: RelativePath, _ size: Int64) -> Transfer {
    let transfer = Transfer(id: Transfer.ID(number()), path: path, direction: direction, size: size)
    active[transfer.id] = transfer
    observer.record(.transferStarted(transfer))
    return transfer
  }

  func end(_ transfer: Transfer, moved: Int64) {
    if moved > 0 { observer.record(.transferProgressed(transfer.id, bytes: moved)) }
    active[transfer.id] = nil
    observer.record(.transferEnded(transfer.id, failure: nil))
  }

  func end(_ transfer: Transfer, failure: any Error) {
    active[transfer.id] = nil
    observer.record(.transferEnded(transfer.id, failure: "\(failure)"))
  }
}

extension Engine {
  /// Runs the transfer of a large file when its turn comes. Small files do not wait behind those that wait.
  func inLane<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
    inLargeLane += 1
    defer { inLargeLane -= 1 }
    wake.signal()
    submissionRoom.signal()
    return try await Lane.run(in: large, body)
  }

  /// Places that large files have left to small ones; bounded, since each of them is a task.
  var waitingInLane: Int { min(inLargeLane, 1000) }
}

/// A limit on the bytes of small contents in memory, first come first served: as many files as are under way,
/// each as large as a small one may be, would be hundreds of megabytes.
actor MemoryBudget {
  /// Bytes.
  static let capacity: Int64 = 128 << 20
  /// What is smaller is bounded well enough by the number of files under way.
  static let threshold: Int64 = 1 << 20

  private var free: Int64
  private var waiters: [(bytes: Int64, continuation: CheckedContinuation<Void, Never>)] = []

  init(capacity: Int64 = capacity) { free = capacity }

  /// Returns when they are to be had; `release` must follow. No more than the whole budget may be asked for.
  func acquire(_ bytes: Int64) async {
    if waiters.isEmpty, free >= bytes {
      free -= bytes
    } else {
      await withCheckedContinuation { waiters.append((bytes, $0)) }
    }
  }

  func release(_ bytes: Int64) {
    free += bytes
    while let first = waiters.first, free >= first.bytes {
      free -= first.bytes
      waiters.removeFirst().continuation.resume()
    }
  }
}

/// A limit on how many bodies run at once, first come first served.
actor Lane {
  private var free: Int
  private var waiters: [CheckedContinuation<Void, Never>] = []

  init(width: Int) { free = width }

  static func run<Result: Sendable>(
    in lane: Lane, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async throws -> Result {
    await lane.enter()
    do {
      let result = try await body()
      await lane.leave()
      return result
    } catch {
      await lane.leave()
      throw error
    }
  }

  private func enter() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiters.append($0) }
    }
  }

  private func leave() {
    if waiters.isEmpty { free += 1 } else { waiters.removeFirst().resume() }
  }
}
