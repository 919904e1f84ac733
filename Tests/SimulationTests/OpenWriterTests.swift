import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// Programs that keep their files open for writing.
@Suite struct OpenWriterTests {
  private let second: Int64 = 1_000_000_000

  private func append(_ text: String, to inode: Inode, of node: SimNode) {
    node.disk.write(inode.content + Array(text.utf8), to: inode)
  }

  @Test(arguments: [30, 5]) func aLogThatRestsIsUploadedOpen(_ rest: Int) throws {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.fullPassInterval = .seconds(1)
      $0.uploadOpenAfter = .seconds(rest)
    }
    stage.start(node)
    stage.advance(.seconds(10))
    let log = try #require(node.disk.create("log", .file))
    node.disk.openForWriting(log)
    append("first;", to: log, of: node)
    stage.advance(.seconds(rest - 2))
    #expect(stage.text("log") == nil)
    #expect(stage.status(of: node)?.busy.map(\.path) == ["log"])
    stage.advance(.seconds(10))
    #expect(stage.text("log") == "first;")
    #expect(stage.status(of: node)?.busy == [])
    append("second;", to: log, of: node)
    stage.advance(.seconds(rest + 10))
    #expect(stage.text("log") == "first;second;")
    #expect(stage.status(of: node)?.quarantined == [])
  }

  /// Every state of the log existed; the wait is the limit.
  @Test func aLogThatNeverRestsIsUploadedEveryFiveMinutes() throws {
    let stage = Stage()
    let node = stage.node { $0.fullPassInterval = .seconds(10) }
    stage.start(node)
    stage.advance(.seconds(10))
    let log = try #require(node.disk.create("log", .file))
    node.disk.openForWriting(log)
    var states: Set<String> = []
    var uploads: [Int] = []
    for second in 0..<1000 {
      append("line \(second);", to: log, of: node)
      states.insert(String(decoding: log.content, as: UTF8.self))
      stage.advance(.seconds(1))
      guard let text = stage.text("log") else { continue }
      #expect(states.contains(text))
      if text.utf8.count != uploads.last { uploads.append(text.utf8.count) }
      #expect(stage.status(of: node)?.quarantined == [])
      if uploads.count == 1, second < 300 { Issue.record("uploaded after \(second) s") }
    }
    #expect(uploads.count == 3)
  }

  /// It is never half uploaded, and said to be busy; when it rests it goes up.
  @Test(arguments: [20, 200]) func aDatabaseThatNeverRestsIsBusy(_ size: Int) throws {
    let stage = Stage()
    let node = stage.node {
      $0.uploadOpenAfter = .seconds(2)
      $0.poll = .seconds(5)
      $0.fullPassInterval = .seconds(5)
    }
    node.write("db", String(repeating: "-", count: 2 * size))
    stage.start(node)
    stage.advance(.seconds(20))
    let database = try #require(node.disk.lookup("db"))
    node.disk.openForWriting(database)
    let stop = Recorder()
    // It also acts between two of the system calls that read the file.
    let lane = SimLane(of: stage.executor)
    let writer = SimTask(on: lane) {
      var number = 0
      while stop.values.isEmpty {
        number += 1
        let half = Array(String(repeating: "\(number % 10)", count: size).utf8)
        node.disk.write(half + database.content.dropFirst(size), to: database)
        await node.interference.wait(.calls(1), atMost: 5_000_000)
        node.disk.write(half + half, to: database)
        await node.interference.wait(.calls(1), atMost: 5_000_000)
      }
    }
    stage.advance(.seconds(15))
    let status = try #require(stage.status(of: node))
    #expect(status.busy.map(\.path) == ["db"])
    for _ in 0..<10 {
      stage.advance(.seconds(10))
      let text = try #require(stage.text("db"))
      #expect(Set(text.prefix(size)).count == 1 && Set(text.suffix(size)).count == 1)
    }
    #expect(stage.status(of: node)?.quarantined.map(\.name) == ["db"])
    stop.values.append(1)
    stage.advance(.milliseconds(10))
    #expect(writer.isDone)
    node.disk.close(database, openedAs: "db")
    stage.advance(.seconds(10))
    #expect(stage.text("db") == node.text("db"))
    #expect(stage.status(of: node)?.quarantined == [])
    #expect(stage.status(of: node)?.busy == [])
  }

  /// Seed 1002517: its time was that of the object, since times were kept in steps of seconds.
  @Test(arguments: [1_000_000_000, 2_000_000_000] as [Int64]) func aStoreRightAfterADownloadGoesUp(
    timeStep: Int64
  ) throws {
    let stage = Stage()
    var traits = LocalTraits()
    traits.timeStep = timeStep
    let node = stage.node(traits: traits) { $0.poll = .milliseconds(500) }
    stage.start(node)
    stage.advance(.seconds(20))
    let metadata = EntryMetadata(kind: .file, modified: node.environment.wallTime())
    try stage.server.put("file", Array("before".utf8), metadata: metadata, ifMatch: nil)
    var file: Inode?
    for _ in 0..<100_000 where file?.leases.isEmpty != true {
      stage.advance(.microseconds(10))
      file = node.disk.lookup("file")
    }
    let inode = try #require(file)
    let stamp = inode.stamp(on: node.disk.mount)
    node.disk.openForWriting(inode)
    node.disk.store(Array("after!".utf8), to: inode)
    // Nothing but the content tells, or the test tells nothing.
    #expect(inode.stamp(on: node.disk.mount) == stamp)
    stage.advance(.seconds(1))
    node.disk.close(inode, openedAs: "file")
    stage.advance(.seconds(60))
    #expect(stage.text("file") == "after!")
    #expect(node.text("file") == "after!")
  }

  /// Seed 309602: the version that was kept beside took the name, and was sent though the key held it already.
  @Test(arguments: [6, 100]) func whatWasKeptBesideTakesTheNameAgain(_ size: Int) throws {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.policy.conflict = .remote
    }
    node.write("file", "before")
    let run = stage.run(node, node.options)
    stage.advance(.seconds(20))
    let file = try #require(node.disk.lookup("file"))
    node.disk.openForWriting(file)
    let remote = String(repeating: "r", count: size)
    stage.put("file", remote)
    for _ in 0..<100 where node.names.count < 2 {
      append("mine;", to: file, of: node)
      stage.advance(.seconds(1))
    }
    let copy = try #require(node.names.first { $0.contains("(conflict ") })
    func uploads() -> Int { run.events.count { if case .committed("file", .uploaded) = $0 { true } else { false } } }
    let before = uploads()
    node.disk.rename(RelativePath(unchecked: copy), to: "file")
    stage.advance(.seconds(60))
    #expect(uploads() == before)
    #expect(stage.text("file") == remote)
    #expect(node.text("file") == remote)
    node.rewrite("file", "after")
    stage.advance(.seconds(20))
    #expect(stage.text("file") == "after")
    #expect(node.names == ["file"])
  }

  /// The writer keeps the name on all nodes, and what came meanwhile is beside it.
  @Test(arguments: [6, 100]) func whatIsHeldOpenIsNotReplaced(_ size: Int) throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.write("file", "before")
    stage.start(node)
    stage.advance(.seconds(20))
    let file = try #require(node.disk.lookup("file"))
    node.disk.openForWriting(file)
    let remote = String(repeating: "r", count: size)
    stage.put("file", remote)
    stage.advance(.seconds(25))
    #expect(node.names == ["file"])
    #expect(stage.status(of: node)?.busy.map(\.path) == ["file"])
    stage.advance(.seconds(30))
    #expect(node.names.count == 2)
    #expect(node.text("file") == "before")
    #expect(stage.text("file") == "before")
    let copy = try #require(node.names.first { $0.contains("(conflict ") })
    #expect(node.text(RelativePath(unchecked: copy)) == remote)
    append(" and after", to: file, of: node)
    node.disk.close(file, openedAs: "file")
    stage.advance(.seconds(30))
    #expect(stage.text("file") == "before and after")
    #expect(node.names.count == 2)
    #expect(stage.status(of: node)?.conflicts == 1)
  }

  @Test func aWriterThatClosesInTimeGetsNoConflict() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.write("file", "before")
    stage.start(node)
    stage.advance(.seconds(20))
    let file = try #require(node.disk.lookup("file"))
    node.disk.openForWriting(file)
    stage.put("file", "remote")
    stage.advance(.seconds(20))
    #expect(node.text("file") == "before")
    node.disk.close(file, openedAs: "file")
    stage.advance(.seconds(8))
    #expect(node.text("file") == "remote")
    #expect(node.names == ["file"])
    #expect(stage.status(of: node)?.busy == [])
  }

  /// Both sides changed, and the local one is still being written.
  @Test func aConflictWithAnOpenFileIsKeptBeside() throws {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.policy.conflict = .remote
    }
    node.write("file", "before")
    stage.start(node)
    stage.advance(.seconds(20))
    let file = try #require(node.disk.lookup("file"))
    node.disk.openForWriting(file)
    stage.put("file", "remote")
    for _ in 0..<60 {
      append(".", to: file, of: node)
      stage.advance(.seconds(1))
    }
    #expect(node.names.count == 2)
    #expect(stage.text("file") == "remote")
    node.disk.close(file, openedAs: "file")
    stage.advance(.seconds(10))
    #expect(stage.text("file") == node.text("file"))
    #expect(stage.text("file")?.hasPrefix("before....") == true)
    #expect(stage.server.sortedKeys.count == 2)
  }

  /// All names for the copy are taken: that is reported, and nothing is fetched for it again and again.
  @Test func namesThatAreTakenCostNoDownloads() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.write("file", "before")
    stage.start(node)
    stage.advance(.seconds(20))
    let file = try #require(node.disk.lookup("file"))
    node.disk.openForWriting(file)
    stage.put("file", "remote")
    let object = try #require(stage.server.objects["file"]).asRemote
    for attempt in 0..<Engine.conflictNameAttempts {
      let name = try #require(
        ConflictName.path(
          for: "file", loser: .remote(etag: object.stamp.etag),
          time: object.metadata.modified ?? object.stamp.lastModified, prefixLength: 0, attempt: attempt))
      stage.put(name.string, "taken \(attempt)")
    }
    stage.advance(.seconds(60))
    let before = stage.oracle.counters["engine transfer", default: 0]
    stage.advance(.seconds(300))
    #expect(stage.oracle.counters["engine transfer", default: 0] == before)
    #expect(stage.status(of: node)?.quarantined.map(\.name) == ["file"])
    #expect(node.text("file") == "before" && stage.text("file") == "remote")
    node.disk.close(file, openedAs: "file")
    stage.advance(.seconds(400))
    #expect(node.text("file") == "remote")
  }

  @Test func aDeletionWaitsForTheWriter() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.write("file", "before")
    node.write("other", "other")
    stage.start(node)
    stage.advance(.seconds(20))
    let file = try #require(node.disk.lookup("file"))
    node.disk.openForWriting(file)
    try stage.server.delete("file", ifMatch: nil)
    stage.advance(.seconds(100))
    #expect(node.text("file") == "before")
    #expect(stage.status(of: node)?.busy.map(\.path) == ["file"])
    node.disk.close(file, openedAs: "file")
    stage.advance(.seconds(20))
    #expect(node.text("file") == nil)
    #expect(stage.status(of: node)?.busy == [])
  }

  @Test func theEndOfARunUploadsWhatIsOpen() throws {
    let stage = Stage()
    let node = stage.node()
    stage.start(node)
    stage.advance(.seconds(20))
    let log = try #require(node.disk.create("log", .file))
    node.disk.openForWriting(log)
    append("first;", to: log, of: node)
    node.stop()
    for _ in 0..<10 {
      append("more;", to: log, of: node)
      stage.advance(.seconds(1))
    }
    #expect(node.run?.isDone == true)
    #expect(stage.text("log")?.hasPrefix("first;more;") == true)
  }

  @Test func aRunThatEndsWaitsOnceForALogToRest() throws {
    let stage = Stage()
    let node = stage.node { $0.once = true }
    let log = try #require(node.disk.create("log", .file))
    node.disk.openForWriting(log)
    append("first;", to: log, of: node)
    stage.start(node)
    stage.advance(.seconds(25))
    #expect(stage.text("log") == nil)
    for _ in 0..<20 {
      append("more;", to: log, of: node)
      stage.advance(.seconds(1))
    }
    #expect(stage.text("log")?.hasPrefix("first;") == true)
    #expect(node.run?.isDone == true)
  }
}

// MARK: - Databases of several files

extension OpenWriterTests {
  /// The database rests while its log is written: what it holds without the log may be half a checkpoint.
  @Test func aDatabaseWaitsForItsLog() throws {
    let stage = Stage()
    let node = stage.node {
      $0.uploadOpenAfter = .seconds(5)
      $0.fullPassInterval = .seconds(2)
    }
    stage.start(node)
    stage.advance(.seconds(10))
    let database = try #require(node.disk.create("x.db", .file))
    let log = try #require(node.disk.create("x.db-wal", .file))
    for file in [database, log] { node.disk.openForWriting(file) }
    node.disk.write(DatabaseFiles.header + Array("pages".utf8), to: database)
    node.disk.create("x.db-shm", .file, Array("shared".utf8))
    for _ in 0..<100 {
      node.disk.write(log.content + Array("frame;".utf8), to: log)
      stage.advance(.seconds(1))
      #expect(stage.text("x.db") == nil && stage.text("x.db-wal") == nil)
    }
    #expect(stage.status(of: node)?.busy.map(\.path) == ["x.db", "x.db-wal"])
    stage.advance(.seconds(30))
    #expect(stage.text("x.db") == node.text("x.db"))
    #expect(stage.text("x.db-wal") == node.text("x.db-wal"))
    #expect(stage.server.sortedKeys.count == 2)
    #expect(stage.status(of: node)?.busy == [])
  }
}
