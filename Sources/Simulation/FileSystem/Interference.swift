internal import SyncModel

/// What other programs of a node do between two system calls of its engine.
///
/// A program parks until some moment of the engine's work, and then goes on before the next call is made: with the
/// engine in the middle of whatever it does.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class Interference: @unchecked Sendable {
  package enum Moment {
    /// So many calls from now.
    case calls(Int)
    /// Between two steps of a commit, at times; or at the very next one.
    case commit(isNext: Bool)
    /// Between two parts of the reading of a user's file.
    case read
    /// When the lease on a user's file was let go.
    case release
  }

  private final class Parked {
    var moment: Moment
    var go: (() -> Void)?

    init(_ moment: Moment, go: @escaping () -> Void) {
      self.moment = moment
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

  /// Waits until `moment`, or so long where it does not come.
  package func wait(_ moment: Moment, atMost nanoseconds: Int64) async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let entry = Parked(moment) { continuation.resume() }
      parked.append(entry)
      executor.after(nanoseconds) { [weak self] in self?.release(entry) }
    }
  }

  /// The engine stands between two steps of a commit.
  package func actAtCommit() {
    for entry in parked {
      guard case .commit(let isNext) = entry.moment, isNext || generator.oneIn(3) else { continue }
      ledger.count("world acted within a commit")
      release(entry)
    }
    executor.runGuests()
  }

  /// Somebody waits for the engine to be in the middle of a read.
  var awaitsRead: Bool {
    parked.contains { if case .read = $0.moment { true } else { false } }
  }

  /// The engine has read a part of this file.
  func actWithinRead(of inode: Inode) {
    focus = inode
    for entry in parked {
      guard case .read = entry.moment else { continue }
      ledger.count("world acted within a read")
      release(entry)
    }
    executor.runGuests()
  }

  /// The engine let go of its lease on this file.
  func actAfterLease(on inode: Inode) {
    if parked.isEmpty { return }
    for entry in parked {
      guard case .release = entry.moment else { continue }
      focus = inode
      ledger.count("world acted right after a lease")
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
      guard case .calls(let calls) = entry.moment else { continue }
      entry.moment = .calls(calls - 1)
      if calls <= 1 {
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

  func leavesRoot(_ what: String) { ledger.violates("I6", what) }
}
