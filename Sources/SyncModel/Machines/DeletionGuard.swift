/// The side on which files would be deleted, because they are gone from the other one.
package enum DeletionSide: Hashable, Sendable, CaseIterable {
  case local, remote
}

/// Halts deletions that look like an accident (I8): a side that lost everything, or more files than the limit.
///
/// It counts, per side, the deletions that a full pass spooled together with those that hints caused in the last
/// minute. Moves are not registered. What it halts stays halted until a pass finds few enough deletions again, or
/// a restart with `--max-delete` approves: otherwise a large deletion would trickle through once a minute.
package struct DeletionGuard: Sendable {
  package enum Verdict: Hashable, Sendable {
    case allow
    case halt(Halt)
  }

  /// Why deletions are halted, for log and status.
  package struct Halt: Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
      case tooMany
      /// The other side has nothing left at all.
      case emptied
    }
    package var reason: Reason
    package var side: DeletionSide
    /// Deletions that wait, with those of the last minute.
    package var count: Int
    /// Files that were in sync before.
    package var total: Int
    package var limit: DeletionLimit
  }

  package let limit: DeletionLimit
  private var windows: [DeletionSide: DeletionWindow] = [:]
  private var underway: [DeletionSide: Int] = [:]
  private var halts: [DeletionSide: Halt] = [:]

  package init(limit: DeletionLimit = .standard) { self.limit = limit }

  /// What is halted now.
  package var halted: [Halt] { DeletionSide.allCases.compactMap { halts[$0] } }

  /// Asks for one deletion that a hint caused; where it is allowed `finishHint` must follow. `baseCount` is the
  /// number of leaf rows in the base, `now` in nanoseconds of a monotonic clock.
  package mutating func judgeHint(_ side: DeletionSide, baseCount: Int, now: Int64) -> Verdict {
    expire(side, now)
    let done = windows[side]?.count ?? 0
    let started = underway[side] ?? 0
    let verdict = judge(side, count: done + started + 1, total: baseCount + done)
    if verdict == .allow { underway[side] = started + 1 }
    return verdict
  }

  /// Tells how an allowed deletion ended. One that did not happen does not count, or retries would add up.
  package mutating func finishHint(_ side: DeletionSide, wasDeleted: Bool, now: Int64) {
    underway[side, default: 1] -= 1
    if wasDeleted { windows[side, default: DeletionWindow()].add(at: now) }
  }

  /// Asks for all deletions that a full pass spooled for a side, `count` of them without moves, `countWithMoves` in all.
  ///
  /// `isOtherSideEmpty`: the listing, or the root, has no leaf at all. `knownBefore`: leaf rows when the pass began;
  /// what is gone on both sides was dropped by it. The last file may be deleted, but what was halted as emptied stays
  /// so, however few rows are left, until something is there again. To an empty side nothing can have moved.
  package mutating func judgePass(
    _ side: DeletionSide, count: Int, countWithMoves: Int? = nil, baseCount: Int, knownBefore: Int = 0,
    isOtherSideEmpty: Bool, now: Int64
  ) -> Verdict {
    let all = max(countWithMoves ?? 0, count)
    expire(side, now)
    let done = windows[side]?.count ?? 0
    let known = max(baseCount, knownBefore, halts[side]?.reason == .emptied ? .max : 0)
    halts[side] = nil
    if isOtherSideEmpty, limit == .standard, all > 0, known > 1 {
      return halt(side, .emptied, count: all, total: baseCount)
    }
    if count == 0 { return .allow }
    return judge(side, count: done + count, total: baseCount + done)
  }

  private mutating func judge(_ side: DeletionSide, count: Int, total: Int) -> Verdict {
    if let halt = halts[side] { return .halt(halt) }
    return limit.isExceeded(by: count, of: total) ? halt(side, .tooMany, count: count, total: total) : .allow
  }

  private mutating func halt(_ side: DeletionSide, _ reason: Halt.Reason, count: Int, total: Int) -> Verdict {
    let halt = Halt(reason: reason, side: side, count: count, total: total, limit: limit)
    halts[side] = halt
    return .halt(halt)
  }

  /// While a side is halted its window stands still.
  private mutating func expire(_ side: DeletionSide, _ now: Int64) {
    if halts[side] == nil { windows[side]?.expire(now: now) }
  }
}

extension DeletionGuard.Halt: CustomStringConvertible {
  package var description: String {
    let (place, origin) =
      switch side {
      case .local: ("the local folder", "the bucket")
      case .remote: ("the bucket", "the local folder")
      }
    let cause =
      switch reason {
      case .emptied: "\(origin) is empty, so all \(total) files would be deleted in \(place)"
      case .tooMany: "\(count) of \(total) files would be deleted in \(place) (limit: \(limit))"
      }
    return "\(cause). Deletions there are halted, all else goes on. "
      + "Restore the files in \(origin), or restart with --max-delete N, N% or none to approve."
  }
}
