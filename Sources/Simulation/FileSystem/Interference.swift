internal import SyncModel

/// What other programs of a node do between two system calls of its engine.
///
/// A program parks until so many calls from now, and then goes on before the call is made: with the engine in the
/// middle of whatever it does.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class Interference: @unchecked Sendable {
  private final class Parked {
    var calls: Int
    var go: (() -> Void)?

    init(calls: Int, go: @escaping () -> Void) {
      self.calls = calls
      self.go = go
    }
  }

  private let executor: SimExecutor
  private let ledger: any EffectLedger
  private var generator: SeededGenerator
  private var parked: [Parked] = []
  /// The leaf that the engine looked at last.
  private(set) var focus: Inode?

  package init(executor: SimExecutor, ledger: any EffectLedger, generator: SeededGenerator) {
    self.executor = executor
    self.ledger = ledger
    self.generator = generator
  }

  /// Waits for so many calls of the engine, or so long where it makes none.
  package func wait(calls: Int, atMost nanoseconds: Int64) async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let entry = Parked(calls: calls) { continuation.resume() }
      parked.append(entry)
      executor.after(nanoseconds) { [weak self] in self?.release(entry) }
    }
  }

  /// Waits until the engine stands at some step of a commit, or so long where it comes to none.
  package func waitForCommit(atMost nanoseconds: Int64) async {
    await wait(calls: Self.commit, atMost: nanoseconds)
  }

  /// No count of calls: until a commit.
  private static let commit = Int.max

  /// The engine stands between two steps of a commit.
  package func actAtCommit() {
    for entry in parked where entry.calls > Self.commit / 2 && generator.oneIn(3) {
      ledger.count("world acted within a commit")
      release(entry)
    }
    executor.runGuests()
  }

  private func release(_ entry: Parked) {
    guard let go = entry.go else { return }
    entry.go = nil
    parked.removeAll { $0 === entry }
    go()
  }

  func actBeforeCall() {
    // A call takes microseconds.
    executor.spend(1_000 + Int64(generator.below(16_000)))
    executor.runGuests()
    if parked.isEmpty { return }
    for entry in parked {
      entry.calls -= 1
      if entry.calls <= 0 {
        ledger.count("world acted between two calls")
        release(entry)
      }
    }
    executor.runGuests()
  }

  /// The engine sleeps in a call: others go on.
  func pause(_ nanoseconds: Int64) {
    executor.spend(nanoseconds)
    for entry in parked where generator.oneIn(2) { release(entry) }
    executor.runGuests()
  }

  func sees(_ inode: Inode) { if inode.kind == .file { focus = inode } }

  func count(_ what: String) { ledger.count(what) }
}
