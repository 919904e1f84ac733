import SyncModel

extension Engine {
  /// Deletions that hints asked for, once nothing else is under way.
  func flushHintedDeletions() async {
    guard !options.isDryRun else { return }
    await flushDeletions(isEmptyListing: false, isEmptyRoot: false, knownBefore: 0, looked: [])
  }

  /// Carries out what the spool holds, if the guard allows: files first, then folders, children first.
  /// `knownBefore`: files in the base before the look began. `isMirrorFound`: it saw all that a mirror found earlier.
  func flushDeletions(
    isEmptyListing: Bool, isEmptyRoot: Bool, knownBefore: Int, looked: Set<DeletionSide>, isMirrorFound: Bool = false
  ) async {
    let isPass = !looked.isEmpty
    let left = spool.left
    let keepsHinted = mayHoldNewNames
    let entries = spool.take { looked.contains($0.side) || !$0.isHinted || !keepsHinted }.filter { !isUndecided($0) }
    guard isPass || !entries.isEmpty, foreignRoot == nil else { return }
    do {
      _ = try await local.checkRoot()
      if isMirrorFound, left.isEmpty {
        mirror.keep(Set(entries.map(\.path))) { running[$0] != nil || dirty.entry(for: $0) != nil }
      }
      let count = try await movesLeftOut(entries).merging(left) { $0 + $1 }
        .merging(mirrored(entries, looked)) { $0 + $1 }
      if isPass {
        // A key is copied before it is deleted, so a listing misses none that moves; a walk may miss a folder that does.
        let unlisted = entries.count { $0.side == .local && !$0.path.isDirectory } + (left[.local] ?? 0)
        let allowed = try await passAllows(
          count, unlisted: unlisted, looked, isEmptyListing: isEmptyListing, isEmptyRoot: isEmptyRoot,
          knownBefore: knownBefore)
        guard allowed else { return }
      }
      // What hints asked for while a pass ran that did not look at that side.
      let hinted = count.filter { !looked.contains($0.key) }
      guard !entries.isEmpty else { return }
      if !hinted.isEmpty {
        guard try await hintsAllow(hinted) else { return }
      }
      let before = deletionsDone
      defer { hintedDeletionsEnded(hinted, before) }
      try await waitForAbsences(entries)
      let leaves = entries.filter { !$0.path.isDirectory }
      let directories = entries.filter { $0.path.isDirectory }.sorted { $1.path < $0.path }
      await deleteInParallel(leaves.filter { $0.side == .remote }.map { Work(deleting: $0) })
      try await deleteProven(leaves.filter { $0.side == .local })
      for entry in directories { try await deleteDirectory(entry) }
    } catch is CancellationError {
    } catch {
      observer.record(.passFailed(reason: "deletions wait: \(error)"))
      status.lastError = "\(error)"
      for entry in entries where entry.isHinted { mark(entry.path, .retry, after: .seconds(10)) }
    }
  }

  /// A pass may see half of a rename: where an event has told that the name is gone, its time to reappear is not over,
  /// and the hint will ask again. What is halted stays counted.
  private func isUndecided(_ entry: DeletionSpool.Entry) -> Bool {
    guard !entry.isHinted, entry.side == .remote, !deletionGuard.halted.contains(where: { $0.side == .remote }),
      dirty.entry(for: entry.path)?.reasons.contains(.absenceSeen) == true
    else { return false }
    turn(entry.path, .absenceUndecided)
    return true
  }

  /// How many files each side would lose. What lost its row meanwhile was renamed, or is gone on both sides; a content
  /// that arrived of late under another name only moved.
  private func movesLeftOut(_ entries: [DeletionSpool.Entry]) async throws -> [DeletionSide: Int] {
    var excuses = Excuses(arrivals, deleted: Set(entries.map(\.path)))
    var counts: [DeletionSide: Int] = [:]
    for entry in entries where !entry.path.isDirectory {
      guard !mirror.takes(entry.path), let row = try await store.row(entry.path)?.entry else { continue }
      if let content = row.fingerprint, try await hasMoved(content, &excuses) {
        turn(entry.path, .deletionIsMove)
        continue
      }
      counts[entry.side, default: 0] += 1
    }
    return counts
  }

  /// A pass judges all that a mirror is to take from the sides that it looked at, also what only the next walk sees.
  private func mirrored(_ entries: [DeletionSpool.Entry], _ looked: Set<DeletionSide>) -> [DeletionSide: Int] {
    guard options.policy.mirror != nil else { return [:] }
    var counts: [DeletionSide: Int] = [:]
    for side in DeletionSide.allCases {
      let files = entries.lazy.filter { $0.side == side && !$0.path.isDirectory }
      let count = looked.contains(side) ? mirror.count(side) : files.count { self.mirror.takes($0.path) }
      if count > 0 { counts[side] = count }
    }
    return counts
  }

  /// True once for every place where the content arrived and still is.
  private func hasMoved(_ content: Fingerprint, _ excuses: inout Excuses) async throws -> Bool {
    while let place = excuses.next(for: content) {
      if try await store.row(place)?.entry?.fingerprint == content { return true }
    }
    return false
  }

  private func passAllows(
    _ counts: [DeletionSide: Int], unlisted: Int, _ looked: Set<DeletionSide>,
    isEmptyListing: Bool, isEmptyRoot: Bool, knownBefore: Int
  ) async throws -> Bool {
    let total = try await store.leafCount()
    // A pass that did not walk the root says nothing about what would be deleted in the bucket.
    let verdicts = DeletionSide.allCases.filter(looked.contains).map { side in
      // What a mirror takes away is in no row; of an empty side it is none, though it had but one file to take.
      let mirrored = mirror.count(side)
      return deletionGuard.judgePass(
        side, count: counts[side] ?? 0, countWithMoves: side == .local ? unlisted : nil,
        baseCount: total + mirrored, knownBefore: mirrored > 0 ? max(knownBefore, 2) : knownBefore,
        isOtherSideEmpty: side == .local ? isEmptyListing : isEmptyRoot, now: environment.uptime())
    }
    let halted = deletionGuard.halted.filter { !looked.contains($0.side) }.map { DeletionGuard.Verdict.halt($0) }
    return tellHalts(verdicts + halted)
  }

  private func hintsAllow(_ counts: [DeletionSide: Int]) async throws -> Bool {
    let total = try await store.leafCount()
    var begun: [DeletionSide: Int] = [:]
    for (side, count) in counts {
      let known = total + mirror.count(side)
      for _ in 0..<count {
        let verdict = deletionGuard.judgeHint(side, baseCount: known, now: environment.uptime())
        guard verdict == .allow else {
          for (side, count) in begun {
            for _ in 0..<count { deletionGuard.finishHint(side, wasDeleted: false, now: environment.uptime()) }
          }
          return tellHalts([verdict])
        }
        begun[side, default: 0] += 1
      }
    }
    return true
  }

  /// Only what was really deleted counts on, or retries would add up to a halt.
  private func hintedDeletionsEnded(_ counts: [DeletionSide: Int], _ before: [DeletionSide: Int]) {
    let done = deletionsDone
    for (side, count) in counts {
      let deleted = (done[side] ?? 0) - (before[side] ?? 0)
      for index in 0..<count {
        deletionGuard.finishHint(side, wasDeleted: index < deleted, now: environment.uptime())
      }
    }
  }

  private var deletionsDone: [DeletionSide: Int] {
    [.local: status.committed[.deletedLocal] ?? 0, .remote: status.committed[.deletedRemote] ?? 0]
  }

  /// True where nothing is halted.
  private func tellHalts(_ verdicts: [DeletionGuard.Verdict]) -> Bool {
    let reasons = verdicts.compactMap { verdict -> String? in
      if case .halt(let halt) = verdict { halt.description } else { nil }
    }
    guard reasons.isEmpty else {
      let reason = reasons.joined(separator: " ")
      if status.deletionsHalted != reason { observer.record(.deletionsHalted(reason: reason)) }
      status.deletionsHalted = reason
      deliveriesAreHalted(reason)
      return false
    }
    if status.deletionsHalted != nil {
      status.deletionsHalted = nil
      observer.record(.deletionsResumed)
    }
    return true
  }

  /// Local absences and folders wait a moment: half of a rename is no deletion.
  private func waitForAbsences(_ entries: [DeletionSpool.Entry]) async throws {
    let latest = entries.filter { $0.side == .remote || $0.path.isDirectory }.map(\.seen).max() ?? 0
    let wait = latest + Self.absenceSettle.nanoseconds - environment.uptime()
    if latest > 0, wait > 0 { try await environment.sleep(for: .nanoseconds(wait)) }
  }

  private func deleteInParallel(_ works: [Work]) async {
    await withTaskGroup(of: Void.self) { group in
      var iterator = works.makeIterator()
      func add() {
        guard let work = iterator.next() else { return }
        group.addTask { await self.processDeletion(work) }
      }
      for _ in 0..<concurrency { add() }
      while await group.next() != nil { add() }
    }
  }

  private func processDeletion(_ work: Work) async {
    switch await attempt(work) {
    case .later(let delay): postpone(work.path, delay)
    case .renamed(let from): await processRename(from: from, to: work.path)
    case .deletion(let side):
      spool.add(
        work.path, side, now: environment.uptime(), isHinted: work.view == nil, revision: store.revision)
    case .settled, nil: break
    }
  }

  /// The absence of every one of these keys is proven by a look requested now (I7): one untruncated page
  /// proves a whole folder.
  private func deleteProven(_ entries: [DeletionSpool.Entry]) async throws {
    try await prove(entries.sorted { $0.path < $1.path }[...], below: .root)
  }

  private func prove(_ entries: ArraySlice<DeletionSpool.Entry>, below directory: RelativePath) async throws {
    guard let first = entries.first, let last = entries.last else { return }
    let revision = store.revision
    if entries.count == 1 {
      guard try await remote.proveAbsent(first.path) else {
        turn(first.path, .absenceDisproved)
        remoteNews.insert(first.path)
        mark(first.path, .remoteEvent)
        return
      }
      await deleteInParallel([Work(deleting: first, remoteAbsentAt: revision)])
      return
    }
    let common = Self.commonDirectory(first.path, last.path, atLeast: directory)
    let page = try await remote.list(common, after: nil, continuation: nil, limit: nil)
    if page.continuation == nil, page.isOrdered {
      let present = Set(page.entries.map(\.path))
      for entry in entries where present.contains(entry.path) {
        turn(entry.path, .absenceDisproved)
        remoteNews.insert(entry.path)
        mark(entry.path, .remoteEvent)
      }
      await deleteInParallel(
        entries.filter { !present.contains($0.path) }.map { Work(deleting: $0, remoteAbsentAt: revision) })
      return
    }
    turn(common, .absenceProvenInParts)
    // Too many keys for one page: look at each folder and file below by itself.
    var single: [ArraySlice<DeletionSpool.Entry>] = []
    var start = entries.startIndex
    while start < entries.endIndex {
      let child = Self.child(of: common, towards: entries[start].path)
      var end = entries.index(after: start)
      if child.isDirectory {
        while end < entries.endIndex, entries[end].path.isBelow(child) { end = entries.index(after: end) }
      }
      if child.isDirectory, end - start > 1 {
        try await prove(entries[start..<end], below: child)
      } else {
        single += (start..<end).map { entries[$0...$0] }
      }
      start = end
    }
    try await proveEach(single, below: common)
  }

  /// A request for each: side by side, or thousands of scattered deletions would take minutes.
  private func proveEach(
    _ entries: [ArraySlice<DeletionSpool.Entry>], below directory: RelativePath
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, entry) in entries.enumerated() {
        if index >= concurrency { try await group.next() }
        group.addTask { try await self.prove(entry, below: directory) }
      }
      try await group.waitForAll()
    }
  }

  /// The deepest directory that holds these two and all sorted paths between them.
  static func commonDirectory(
    _ first: RelativePath, _ last: RelativePath, atLeast floor: RelativePath
  ) -> RelativePath {
    var candidate = first.parent ?? .root
    while !candidate.isRoot, !last.isBelow(candidate) { candidate = candidate.parent ?? .root }
    return candidate.asDirectoryPrefix.utf8.count >= floor.asDirectoryPrefix.utf8.count ? candidate : floor
  }

  /// The entry of `directory` on the way to `path`.
  static func child(of directory: RelativePath, towards path: RelativePath) -> RelativePath {
    ([path] + path.ancestors).last { $0.isBelow(directory) } ?? path
  }

  private func deleteDirectory(_ entry: DeletionSpool.Entry) async throws {
    var work = Work(deleting: entry)
    if entry.side == .local {
      let revision = store.revision
      guard try await remote.proveAbsent(entry.path) else { return }
      work = Work(deleting: entry, remoteAbsentAt: revision)
    } else {
      // Another node may have put a marker that the row does not know.
      remoteNews.insert(entry.path)
    }
    await processDeletion(work)
  }
}

extension Work {
  init(deleting entry: DeletionSpool.Entry, remoteAbsentAt revision: Int64? = nil) {
    self.init(entry.path)
    deletion = entry
    if let revision {
      var seen = View()
      seen.remote = .absent
      seen.remoteRevision = revision
      view = seen
    }
  }
}
