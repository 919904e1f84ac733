import CLinux
import Glibc
import SyncEngine
import SyncModel
import Testing

@testable import LocalTree

@Suite struct WatcherTests {
  let ground = Playground()
  let sink = RecordingSink()

  /// Runs the tree until `body` ends; it begins when every folder is watched.
  private func watching(_ body: @escaping @Sendable (LocalTree) async throws -> Void) async throws {
    let tree = try ground.tree()
    let sink = sink
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await tree.run(sink) }
      group.addTask {
        #expect(await eventually { tree.watcher.state == .live })
        try await body(tree)
      }
      try await group.next()
      group.cancelAll()
      while await group.nextResult() != nil {}
    }
  }

  private func hinted(_ hint: LocalHint) async -> Bool {
    let sink = sink
    let isThere = await eventually { sink.hints.contains(hint) }
    if !isThere { Issue.record("\(hint) is missing in \(sink.hints)") }
    return isThere
  }

  @Test func `A closed file, a link, a deletion and an attribute are hinted at once`() async throws {
    try await watching { _ in
      ground.write("a", "x")
      #expect(await hinted(.path("a".path)))
      symlink("a", ground.full("l"))
      #expect(await hinted(.path("l".path)))
      link(ground.full("a"), ground.full("h"))
      #expect(await hinted(.path("h".path)))
      sink.clear()
      chmod(ground.full("a"), 0o600)
      #expect(await hinted(.path("a".path)))
      unlink(ground.full("a"))
      #expect(await hinted(.vanished("a".path)))
    }
  }

  @Test func `A file is hinted when it is closed, or when its writer rests`() async throws {
    try await watching { _ in
      let file = open(ground.full("f"), O_WRONLY | O_CLOEXEC | O_CREAT, 0o644)
      let began = ContinuousClock.now
      #expect(Glibc.write(file, "x", 1) == 1)
      #expect(await hinted(.path("f".path)))
      #expect(ContinuousClock.now - began >= .milliseconds(900))
      sink.clear()
      close(file)
      #expect(await hinted(.path("f".path)))
      sink.clear()
      truncate(ground.full("f"), 0)
      #expect(await hinted(.path("f".path)))
    }
  }

  @Test func `Renames are paired, halves of them are not`() async throws {
    ground.makeFolder("d")
    ground.write("d/a", "x")
    let outside = Playground()
    try await watching { tree in
      rename(ground.full("d/a"), ground.full("b"))
      #expect(await hinted(.renamed(from: "d/a".path, to: "b".path)))
      rename(ground.full("d"), ground.full("e"))
      #expect(await hinted(.renamed(from: "d/".path, to: "e/".path)))
      ground.write("e/new", "x")
      #expect(await hinted(.path("e/new".path)))
      rename(ground.full("e"), outside.full("e"))
      #expect(await hinted(.vanished("e/".path)))
      sink.clear()
      outside.write("e/unseen", "x")
      rename(outside.full("e"), ground.full("e"))
      #expect(await hinted(.subtree("e/".path)))
      #expect(!sink.hints.contains(.path("e/unseen".path)))
      ground.write("e/seen", "x")
      #expect(await hinted(.path("e/seen".path)))
    }
  }

  @Test func `What is made in a new folder before it is watched is below a hinted subtree`() async throws {
    try await watching { _ in
      ground.makeFolder("n")
      for depth in ["n/1", "n/1/2", "n/1/2/3"] { ground.makeFolder(depth) }
      ground.write("n/1/2/3/f", "x")
      #expect(
        await eventually {
          sink.hints.contains { if case .subtree(let p) = $0 { "n/1/2/3/f".path.isBelow(p) } else { false } }
            || sink.hints.contains(.path("n/1/2/3/f".path))
        })
      // Hinted by name once its folder is watched; until then the subtree is hinted when it is.
      #expect(
        await eventually {
          ground.write("n/1/2/3/g", "x")
          return sink.hints.contains(.path("n/1/2/3/g".path))
        })
    }
  }

  @Test func `Our own state and reserved names are never hinted`() async throws {
    try await watching { tree in
      ground.write("f", "old")
      let expected = try await tree.expected("f")
      #expect(try await tree.install("new", at: "f", replacing: expected).isInstalled)
      ground.write(".s3-sync2.lock", "x")
      ground.write("last", "x")
      #expect(await hinted(.path("last".path)))
      let names = sink.hints.map { "\($0)" }
      #expect(!names.contains { $0.contains(".martlet") || $0.contains("s3-sync2") })
    }
  }

  @Test func `A replaced target is hinted as present`() async throws {
    ground.write("f", "old")
    try await watching { tree in
      let expected = try await tree.expected("f")
      #expect(try await tree.install("new", at: "f", replacing: expected).isInstalled)
      #expect(await hinted(.path("f".path)))
      #expect(!sink.hints.contains(.vanished("f".path)))
    }
  }

  @Test func `A conflict copy made before anybody listened is hinted later`() async throws {
    let tree = try ground.tree()
    tree.relay.hint(.path("copy".path))
    tree.relay.report("x", "why")
    tree.relay.connect(sink)
    #expect(sink.hints == [.path("copy".path)] && sink.reports == ["x: why"])
  }

  @Test func `Polling watches nothing and says so`() async throws {
    let tree = try ground.tree(watch: .poll)
    #expect(await tree.watchState == .scanning(reason: "--watch is “poll”"))
  }

  @Test func `A network file system is scanned too`() async throws {
    let tree = try ground.tree(limits: MountCapabilities(announcesChanges: false))
    let session = try WatchSession(observer: tree.observer, relay: tree.relay, trustsAllMounts: false) { [sink] in
      #expect($0?.isLasting == true)
      sink.report(".", $0?.reason)
    }
    session.start()
    #expect(sink.reports.contains { $0.contains("network file system") })
  }

  @Test func `Lost events make everything a hint, and no folder stays unwatched`() async throws {
    let tree = try ground.tree()
    tree.relay.connect(sink)
    let session = try WatchSession(observer: tree.observer, relay: tree.relay, trustsAllMounts: false) { _ in }
    session.watchAll()
    ground.makeFolder("unseen")
    session.handle(WatchEvent(watch: -1, mask: UInt32(IN_Q_OVERFLOW), cookie: 0, name: nil, isUnnameable: false))
    #expect(sink.hints == [.subtree(.root)])
    ground.write("unseen/f", "x")
    try turn(session, untilHinted: "unseen/f")
  }

  /// Hinted when its writer closed it, or when it rests.
  private func turn(_ session: WatchSession, untilHinted path: String) throws {
    for _ in 0..<10_000 where !sink.hints.contains(.path(path.path)) {
      try session.turn()
      usleep(1000)
    }
    #expect(sink.hints.contains(.path(path.path)))
  }

  /// The kernel tells the two halves of a rename one after the other; between them a look may find what came later.
  @Test func `An event of an earlier state does not tangle the watches`() async throws {
    let tree = try ground.tree()
    tree.relay.connect(sink)
    ground.makeFolder("a")
    let session = try WatchSession(observer: tree.observer, relay: tree.relay, trustsAllMounts: false) { _ in }
    session.watchAll()
    ground.makeFolder("b")
    try session.turn()
    let (root, b): (Int32, Int32) = (1, 3)
    func event(_ watch: Int32, _ kind: Int32, cookie: UInt32 = 0) -> WatchEvent {
      WatchEvent(watch: watch, mask: UInt32(kind | IN_ISDIR), cookie: cookie, name: "a", isUnnameable: false)
    }
    session.handle(event(root, IN_MOVED_FROM, cookie: 9))
    #expect(rename(ground.full("b"), ground.full("a/b")) == 0)
    session.handle(event(root, IN_CREATE))
    session.handle(event(b, IN_MOVED_TO, cookie: 9))
    sink.clear()
    try session.turn()
    #expect(sink.hints.contains(.subtree(.root)))
    ground.write("a/b/f", "x")
    try turn(session, untilHinted: "a/b/f")
  }
}

@Suite struct RenamePairingTests {
  private let half = RenamePairing.Half(path: "a".path, isDirectory: false, watch: nil)

  @Test func `Halves are joined by cookie, adjacent or not`() {
    var pairing = RenamePairing()
    let other = RenamePairing.Half(path: "b".path, isDirectory: false, watch: nil)
    pairing.left(half, cookie: 1, now: 0)
    pairing.left(other, cookie: 2, now: 0)
    #expect(pairing.arrived(cookie: 1) == half)
    #expect(pairing.arrived(cookie: 1) == nil)
    #expect(pairing.arrived(cookie: 3) == nil)
    #expect(pairing.expired(now: RenamePairing.patience) == [other])
    #expect(pairing.deadline == nil)
  }

  @Test func `A half waits for its patience`() {
    var pairing = RenamePairing()
    pairing.left(half, cookie: 1, now: 5)
    #expect(pairing.deadline == 5 + RenamePairing.patience)
    #expect(pairing.expired(now: 4 + RenamePairing.patience) == [])
    #expect(pairing.expired(now: 5 + RenamePairing.patience) == [half])
  }
}

@Suite struct WriteDelayTests {
  @Test func `A rest, or a long time of writing, makes a path due`() {
    var delay = WriteDelay()
    delay.modified("a".path, now: 0)
    #expect(delay.due(now: WriteDelay.rest - 1) == [])
    var now: Int64 = 0
    while now < WriteDelay.maximum {
      #expect(delay.due(now: now) == [])
      delay.modified("a".path, now: now)
      now += WriteDelay.rest / 2
    }
    #expect(delay.due(now: now) == ["a".path])
    delay.modified("b".path, now: now)
    delay.closed("b".path)
    #expect(delay.deadline == nil)
  }

  @Test func `Too many are handed over at once`() {
    var delay = WriteDelay()
    for number in 0...WriteDelay.limit { delay.modified("f\(number)".path, now: 0) }
    #expect(delay.due(now: 0).count == WriteDelay.limit + 1)
  }
}

@Suite struct WatchTableTests {
  @Test func `A moved folder takes what is below along`() {
    var table = WatchTable()
    table.setRoot(1)
    table.add(2, named: "a", in: 1)
    table.add(3, named: "b", in: 2)
    table.add(4, named: "c", in: 1)
    #expect(table.path(of: 3) == "a/b/".path)
    table.add(2, named: "moved", in: 4)
    #expect(table.path(of: 3) == "c/moved/b/".path)
    #expect(table.child(of: 1, named: "a") == nil)
    #expect(Set(table.remove(4)) == [2, 3, 4])
    #expect(table.path(of: 3) == nil && table.watches == [1])
  }

  /// Seed 57134: the path of such a folder had no end.
  @Test(arguments: [2, 3] as [Int32]) func `A folder never lies within itself`(_ inner: Int32) {
    var table = WatchTable()
    table.setRoot(1)
    table.add(2, named: "a", in: 1)
    table.add(3, named: "b", in: 2)
    #expect(!table.isOutdated)
    table.add(2, named: "a", in: inner)
    #expect(table.isOutdated)
    #expect(table.path(of: 3) == "a/b/".path)
  }

  @Test func `A name that was taken over belongs to the new folder`() {
    var table = WatchTable()
    table.setRoot(1)
    table.add(2, named: "a", in: 1)
    table.add(3, named: "a", in: 1)
    #expect(table.child(of: 1, named: "a") == 3)
    _ = table.remove(2)
    #expect(table.child(of: 1, named: "a") == 3)
  }
}
