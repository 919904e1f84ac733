import LocalTree
import SyncEngine
import SyncModel
import Testing

@testable import Simulation

/// What the engine relies on in every local port.
@Suite struct LocalSemanticsTests {
  @Test func aNewFileNeedsAnAbsentName() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      #expect(try await bench.tree.install("one", at: "d/a", replacing: nil).isInstalled)
      #expect(try await bench.tree.install("two", at: "d/a", replacing: nil) == .changed)
      #expect(bench.disk.lookup(path("d/a"))?.content == bytes("one"))
    }
  }

  @Test func onlyTheExpectedVersionIsReplacedAndItIsKept() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      #expect(try await bench.tree.install("one", at: "a", replacing: nil).isInstalled)
      let first = try await bench.tree.stamp(of: "a")
      await executor.pause(10_000_000)
      bench.disk.write(bytes("mine"), to: bench.disk.lookup(path("a"))!)
      #expect(try await bench.tree.install("two", at: "a", replacing: first) == .changed)
      #expect(bench.disk.lookup(path("a"))?.content == bytes("mine"))
      let second = try await bench.tree.stamp(of: "a")
      #expect(try await bench.tree.install("two", at: "a", replacing: second).isInstalled)
      #expect(bench.disk.lookup(path("a"))?.content == bytes("two"))
      #expect(bench.disk.trash.map(\.inode.content) == [bytes("mine")])
    }
  }

  @Test func whatIsObstructedIsSaid() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      bench.disk.create(path("leaf"), .file)
      bench.disk.create(path("d"), .directory)
      #expect(try await bench.tree.install("x", at: "leaf/a", replacing: nil) == .obstructed(by: path("leaf")))
      guard case .obstructed = try await bench.tree.install("x", at: "d", replacing: nil) else {
        Issue.record("a directory was replaced by a file")
        return
      }
      #expect(try await bench.tree.observe(path("leaf/a")) == .below(leaf: path("leaf")))
    }
  }

  /// Seed 13839: on tmpfs its stores change no stamp, and once it is gone the lease is granted again.
  @Test(arguments: [true, false]) func aMappingThatCameAndWentBetweenTwoPartsIsNoticed(isMemory: Bool) throws {
    _ = try simulated { (executor) async throws in
      var traits = LocalTraits()
      traits.isMemory = isMemory
      let bench = try Bench(executor, traits: traits)
      let inode = bench.disk.create(path("a"), .file, bytes("old old "))!
      await executor.pause(100_000_000)
      let stamp = try #require(try await bench.tree.stamp(of: "a"))
      for isWritten in [false, true] {
        let snapshot = try await bench.tree.openSnapshot(path("a"), expecting: stamp)
        #expect(try await snapshot.read(at: 0, count: 4) == bytes("old "))
        if isWritten {
          bench.disk.openForWriting(inode)
          bench.disk.store(bytes("new new "), to: inode)
          bench.disk.close(inode, openedAs: path("a"))
        }
        _ = try await snapshot.read(at: 4, count: 4)
        #expect(try await (snapshot.verify() == .changed) == isWritten)
        await snapshot.close()
      }
    }
  }

  /// Seed 1002517: where times are kept in steps of seconds, a store in the tick in which the file came, or got its
  /// time, gets the very time that the bucket gave it.
  @Test(arguments: [1, 1_000_000_000, 2_000_000_000] as [Int64], [false, true])
  func aStoreRightAfterIsSeen(timeStep: Int64, isTimeOnly: Bool) throws {
    _ = try simulated { (executor) async throws in
      var traits = LocalTraits()
      traits.timeStep = timeStep
      let bench = try Bench(executor, traits: traits)
      await executor.pause(2_600_000_000)
      let recent = EntryMetadata(
        kind: .file, mode: 0o644, modified: Timestamp(nanoseconds: SimEnvironment.epoch.nanoseconds + 2_500_000_000))
      let outcome = try await bench.tree.install(
        .bytes(bytes("old")), at: path("a"), metadata: isTimeOnly ? .file : recent,
        fingerprint: SimContent.fingerprint(bytes("old")), replacing: nil)
      guard case .installed(var known, var isProvisional) = outcome else { throw NeverEnded() }
      if isTimeOnly {
        await executor.pause(10_000_000)
        let applied = try await bench.tree.applyMetadata(recent, to: path("a"), expecting: known)
        guard case .applied(let stamp) = applied else { throw NeverEnded() }
        (known, isProvisional) = (stamp, false)
      }
      let inode = try #require(bench.disk.lookup(path("a")))
      bench.disk.openForWriting(inode)
      bench.disk.store(bytes("new"), to: inode)
      let isSeen = try await bench.tree.stamp(of: "a") != known
      #expect(isProvisional || isSeen)
    }
  }

  @Test func aFileThatIsOpenForWritingIsBusy() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      let inode = bench.disk.create(path("a"), .file, bytes("one"))!
      bench.disk.openForWriting(inode)
      let stamp = try #require(try await bench.tree.stamp(of: "a"))
      let expected = ExpectedLocal(stamp: stamp, fingerprint: nil, isInBucket: true)
      #expect(try await bench.tree.install("two", at: "a", replacing: stamp) == .busy)
      #expect(try await bench.tree.remove(path("a"), expecting: expected) == .busy)
      let failure = await #expect(throws: LocalFailure.self) {
        try await bench.tree.read(path("a"), expecting: stamp)
      }
      #expect(failure?.code == .busy)
      #expect(inode.content == bytes("one"))
    }
  }

  @Test func onlyTheExpectedVersionIsReadAndRemoved() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      let inode = bench.disk.create(path("a"), .file, bytes("one"))!
      let stamp = try #require(try await bench.tree.stamp(of: "a"))
      #expect(try await bench.tree.read(path("a"), expecting: stamp).bytes == bytes("one"))
      bench.disk.write(bytes("two!"), to: inode)
      let failure = await #expect(throws: LocalFailure.self) {
        try await bench.tree.read(path("a"), expecting: stamp)
      }
      #expect(failure?.code == .changed)
      let stale = ExpectedLocal(stamp: stamp, fingerprint: nil, isInBucket: true)
      #expect(try await bench.tree.remove(path("a"), expecting: stale) == .changed)
      let current = ExpectedLocal(
        stamp: try #require(try await bench.tree.stamp(of: "a")), fingerprint: nil, isInBucket: true)
      #expect(try await bench.tree.remove(path("a"), expecting: current) == .removed)
      #expect(try await bench.tree.remove(path("a"), expecting: current) == .absent)
      #expect(bench.disk.trash.map(\.inode.content) == [bytes("two!")])
    }
  }

  @Test func aWriteInTheTickOfTheStampIsNotMissed() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      let inode = bench.disk.create(path("a"), .file, bytes("one"))!
      let stamp = try #require(try await bench.tree.stamp(of: "a"))
      // Same size, same tick: the stamp tells nothing, so a read must begin after the tick.
      bench.disk.write(bytes("two"), to: inode)
      let read = try await bench.tree.read(path("a"), expecting: stamp)
      #expect(read.bytes == bytes("two"))
      #expect(executor.now >= SimFileSystem.tick)
    }
  }

  @Test func aLateWriterOfADisplacedFileIsKept() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      let inode = bench.disk.create(path("a"), .file, bytes("one"))!
      let stamp = try #require(try await bench.tree.stamp(of: "a"))
      #expect(try await bench.tree.install("two", at: "a", replacing: stamp).isInstalled)
      bench.disk.openForWriting(inode)
      bench.disk.write(bytes("late"), to: inode)
      bench.disk.close(inode, openedAs: path("a"))
      let sink = TestSink()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await bench.tree.run(sink) }
        try await executor.sleep(5_000_000_000)
        group.cancelAll()
      }
      let kept = bench.disk.leaves().filter { $0.inode.content == bytes("late") }
      #expect(kept.count == 1)
      #expect(bench.disk.lookup(path("a"))?.content == bytes("two"))
    }
  }

  /// Seed 1003714: without leases nobody waits while a slot is compared. The record's new name then hid what was
  /// written between two of those calls: for the whole retention, and for ever where it never expires.
  @Test(arguments: [(true, true), (false, true), (false, false)])
  func aWriteWhileASlotIsComparedIsNotMissed(isInBucket: Bool, isFirstTime: Bool) throws {
    let unsettled = Recorder()
    for calls in 1...30 {
      _ = try simulated { (executor) async throws in
        var traits = LocalTraits()
        traits.hasLeases = false
        let bench = try Bench(executor, traits: traits, isInterfered: true)
        let inode = bench.disk.create(path("a"), .file, bytes("one"))!
        await executor.pause(100_000_000)
        let stamp = try #require(try await bench.tree.stamp(of: "a"))
        let expected = ExpectedLocal(stamp: stamp, fingerprint: nil, isInBucket: isInBucket)
        #expect(try await bench.tree.remove(path("a"), expecting: expected) == .removed)
        let lane = SimLane(of: executor)
        let wasPending = Recorder()
        func writeAfterCalls() -> SimTask {
          SimTask(on: lane) {
            await bench.interference.wait(.calls(calls), atMost: 30_000_000_000)
            if bench.disk.trash.contains(where: \.isPending) { wasPending.values.append(calls) }
            bench.disk.openForWriting(inode)
            bench.disk.write(bytes("late"), to: inode)
            bench.disk.close(inode, openedAs: path("a"))
            // A large file is read for longer than a tick.
            executor.spend(20_000_000)
          }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
          if !isFirstTime {
            group.addTask { try await bench.tree.run(TestSink()) }
            try await executor.sleep(9_500_000_000)
            #expect(bench.disk.trash.map(\.isPending) == [false])
            // It was touched, and is compared again.
            bench.disk.write(bytes("one"), to: inode)
          }
          let writer = writeAfterCalls()
          if isFirstTime { group.addTask { try await bench.tree.run(TestSink()) } }
          // What never expires is looked at every minute.
          try await executor.sleep(90_000_000_000)
          #expect(writer.isDone)
          group.cancelAll()
        }
        unsettled.values += wasPending.values
        if isInBucket && wasPending.values.isEmpty { return }
        let kept = bench.disk.leaves().filter { $0.inode.content == bytes("late") }
        #expect(kept.count == 1, "written before call \(calls)")
      }
    }
    // Some came before the comparison's end.
    #expect(!unsettled.values.isEmpty)
  }

  /// The folder could not be written to just then, and the change stayed in the trash for good (seed 604).
  @Test func aLateWriteComesBackWhenItsFolderIsOpenAgain() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      bench.disk.create(path("d"), .directory)
      let inode = bench.disk.create(path("d/a"), .file, bytes("one"))!
      let stamp = try #require(try await bench.tree.stamp(of: "d/a"))
      #expect(try await bench.tree.install("two", at: "d/a", replacing: stamp).isInstalled)
      bench.disk.openForWriting(inode)
      bench.disk.write(bytes("late"), to: inode)
      bench.disk.close(inode, openedAs: path("d/a"))
      let folder = try #require(bench.disk.lookup(path("d")))
      bench.disk.setSearchable(false, folder)
      let sink = TestSink()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await bench.tree.run(sink) }
        try await executor.sleep(5_000_000_000)
        #expect(bench.disk.leaves().count == 1)
        bench.disk.setSearchable(true, folder)
        try await executor.sleep(5_000_000_000)
        group.cancelAll()
      }
      #expect(bench.disk.leaves().count { $0.inode.content == bytes("late") } == 1)
    }
  }

  @Test func foldersAreNeverRemovedWithEntries() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      _ = try await bench.tree.makeDirectory(path("d/e/"), metadata: nil)
      #expect(try await bench.tree.removeDirectory(path("d/")) == .notEmpty)
      #expect(try await bench.tree.removeDirectory(path("d/e/")) == .removed)
      #expect(try await bench.tree.removeDirectory(path("d/e/")) == .absent)
    }
  }

  @Test func aCopyAsideTakesOnlyAbsentNames() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      bench.disk.create(path("a"), .file, bytes("one"))
      bench.disk.create(path("other"), .file, bytes("two"))
      let expected = ExpectedLocal(
        stamp: try #require(try await bench.tree.stamp(of: "a")), fingerprint: nil, isInBucket: false)
      guard case .copied = try await bench.tree.copyAside(path("a"), expecting: expected, to: path("copy")) else {
        Issue.record("the copy was not made")
        return
      }
      #expect(try await bench.tree.copyAside(path("a"), expecting: expected, to: path("copy")) == .existed)
      #expect(try await bench.tree.copyAside(path("a"), expecting: expected, to: path("other")) == .taken)
    }
  }

  /// Where the file system cannot rename without replacing, the folder stayed in the trash (seed 300011).
  @Test(arguments: [true, false]) func aFolderThatTakesTheNameOfADeletedFileIsKept(canRename: Bool) throws {
    _ = try simulated { (executor) async throws in
      var traits = LocalTraits()
      traits.canRenameWithoutReplacing = canRename
      let bench = try Bench(executor, traits: traits) { disk, step in
        guard step == .verified else { return }
        disk.remove(path("a"))
        disk.create(path("a/"), .directory)
        disk.create(path("a/inner"), .file, bytes("theirs"))
      }
      bench.disk.create(path("a"), .file, bytes("one"))
      let expected = ExpectedLocal(
        stamp: try #require(try await bench.tree.stamp(of: "a")), fingerprint: nil, isInBucket: true)
      #expect(try await bench.tree.remove(path("a"), expecting: expected) == .changed)
      let found = bench.disk.leaves()
      #expect(found.map(\.path.name) == ["inner"] && found.map(\.inode.content) == [bytes("theirs")])
      #expect(bench.disk.trash.isEmpty)
    }
  }

  @Test func aWalkGoesInTheOrderOfTheBucket() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      for name in ["a.txt", "b", "é"] { bench.disk.create(path(name), .file) }
      bench.disk.create(path("a"), .directory)
      bench.disk.create(path("a/z"), .file)
      let walk = bench.tree.walk(.root)
      var found: [String] = []
      while true {
        let batch = try await walk.next()
        found += batch.entries.map(\.path.string)
        if batch.isLast { break }
      }
      #expect(found == ["a.txt", "a/", "a/z", "b", "é"])
    }
  }

  @Test func theDeadHaveNoEffect() throws {
    _ = try simulated { (executor) async throws in
      let bench = try Bench(executor)
      bench.life.crash()
      await #expect(throws: CancellationError.self) {
        try await bench.tree.install("one", at: "a", replacing: nil)
      }
      #expect(bench.disk.lookup(path("a")) == nil)
    }
  }
}

private struct TestSink: HintSink {
  func hint(_ hint: LocalHint) {}
  func report(_ path: String, _ reason: String?) {}
}
