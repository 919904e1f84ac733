import CLinux
import Glibc
import SyncEngine
import SyncModel
import Testing

@testable import LocalTree

@Suite struct ReadTests {
  let ground = Playground()

  private func code(_ body: () async throws -> Void) async -> LocalFailure.Code? {
    do {
      try await body()
      return nil
    } catch { return (error as? LocalFailure)?.code }
  }

  @Test func `A resting file is read with its stamp and checksum`() async throws {
    ground.write("f", "hello")
    let tree = try ground.tree()
    let stamp = try await tree.stamp("f")
    let content = try await tree.read("f".path, expecting: stamp)
    #expect(content.bytes == Array("hello".utf8) && content.stamp == stamp && !content.isProvisional)
    #expect(content.fingerprint == Fingerprint(of: Array("hello".utf8)))
    let check = try await tree.fingerprint("f".path, expecting: stamp)
    #expect(check == ContentCheck(fingerprint: content.fingerprint, stamp: stamp, isProvisional: false))
  }

  /// What had been written five to eight milliseconds before was read at once, and then taken for written just now.
  @Test func `What was just written is waited for until its stamp is its own`() async throws {
    let tree = try ground.tree()
    for age in 0..<12 as Range<UInt32> {
      ground.write("f\(age)", "x")
      usleep(age * 1_000)
      let leaf = try OpenLeaf("f\(age)".path, in: tree.observer)
      leaf.descriptor.kernel.waitUntilDistinct(from: leaf.status.modified)
      #expect(!leaf.isProvisional(.held))
    }
  }

  @Test func `A link's content is its target`() async throws {
    symlink("some/where", ground.full("l"))
    let tree = try ground.tree()
    let content = try await tree.read("l".path, expecting: tree.stamp("l"))
    #expect(content.bytes == Array("some/where".utf8) && !content.isProvisional)
  }

  @Test func `Another version, or none, is told`() async throws {
    ground.write("f", "x")
    let tree = try ground.tree()
    let stamp = try await tree.stamp("f")
    ground.write("f", "xy")
    #expect(await code { _ = try await tree.read("f".path, expecting: stamp) } == .changed)
    unlink(ground.full("f"))
    #expect(await code { _ = try await tree.read("f".path, expecting: stamp) } == .vanished)
    ground.makeFolder("f")
    #expect(await code { _ = try await tree.read("f".path, expecting: stamp) } == .changed)
  }

  @Test func `A file in somebody's hands is busy until it rests`() async throws {
    let file = open(ground.full("f"), O_WRONLY | O_CLOEXEC | O_CREAT, 0o644)
    #expect(write(file, "x", 1) == 1)
    let tree = try ground.tree()
    let stamp = try await tree.stamp("f")
    #expect(try await tree.isOpenForWriting("f".path))
    for never in [OpenVersion.rested(.max), .rested(3_600_000_000_000)] {
      #expect(await code { _ = try await tree.read("f".path, expecting: stamp, whileOpen: never) } == .busy)
      #expect(await code { _ = try await tree.fingerprint("f".path, expecting: stamp, whileOpen: never) } == .busy)
      #expect(await code { _ = try await tree.openSnapshot("f".path, expecting: stamp, whileOpen: never) } == .busy)
    }
    let content = try await tree.read("f".path, expecting: stamp, whileOpen: .rested(0))
    #expect(content.bytes == [UInt8(ascii: "x")] && content.isProvisional && content.isOfOpenFile)
    let snapshot = try await tree.openSnapshot("f".path, expecting: stamp, whileOpen: .rested(0))
    #expect(write(file, "y", 1) == 1)
    #expect(try await snapshot.read(at: 0, count: 1) == [UInt8(ascii: "x")])
    #expect(try await snapshot.verify() == .stable(isProvisional: true))
    await snapshot.close()
    #expect(ground.staged == [])
    close(file)
    #expect(try await !tree.isOpenForWriting("f".path))
    #expect(try await !tree.isOpenForWriting("absent".path))
  }

  /// Everything that a log holds at any moment is a beginning of what it holds in the end.
  @Test func `A log that grows all the time is read as it was at one moment`() async throws {
    let tree = try ground.tree()
    let writer = Writer(ground.full("log")) { file, round in
      let line = Array("line \(round)\n".utf8)
      write(file, line, line.count)
    }
    var recorded: [[UInt8]] = []
    for _ in 0..<40 {
      let content = try await reading {
        try await tree.read("log".path, expecting: tree.stamp("log"), whileOpen: .steady)
      }
      #expect(content.isOfOpenFile && content.isProvisional && content.stamp.size == content.fingerprint.size)
      let stamp = try await tree.stamp("log")
      let snapshot = try await reading { try await tree.openSnapshot("log".path, expecting: stamp, whileOpen: .steady) }
      let copied = try await snapshot.read(at: 0, count: Int(snapshot.size))
      #expect(try await snapshot.verify() == .stable(isProvisional: true))
      await snapshot.close()
      recorded += [content.bytes, copied]
      #expect(
        await code { _ = try await tree.read("log".path, expecting: stamp, whileOpen: .rested(1 << 40)) } == .busy)
    }
    writer.stop()
    let final = try #require(Playground.read(ground.full("log"))).utf8
    for beginning in recorded { #expect(final.starts(with: beginning)) }
    #expect(Set(recorded.map(\.count)).count > 5)
    #expect(ground.staged == [])
  }

  /// Both halves carry the number of the write; a mix of two writes would show.
  @Test func `A file that is written in place all the time is busy, or whole`() async throws {
    let half = 1 << 18
    ground.write("db", String(repeating: "0", count: 2 * half))
    let tree = try ground.tree()
    let writer = Writer(ground.full("db")) { file, round in
      let page = [UInt8](repeating: UInt8(48 + round % 10), count: half)
      pwrite(file, page, half, 0)
      pwrite(file, page, half, off_t(half))
    }
    var busy = 0
    for _ in 0..<60 {
      let stamp = try await tree.stamp("db")
      do {
        let snapshot = try await tree.openSnapshot("db".path, expecting: stamp, whileOpen: .steady)
        let bytes = try await snapshot.read(at: 0, count: 2 * half)
        await snapshot.close()
        // Between its two writes a content exists as well.
        let (first, second) = (Set(bytes[..<half]), Set(bytes[half...]))
        #expect(first.count == 1 && second.count == 1)
      } catch let failure as LocalFailure where failure.code == .busy { busy += 1 }
    }
    #expect(busy > 0)
    writer.stop()
    #expect(ground.staged == [])
    let stamp = try await tree.stamp("db")
    #expect(try await !tree.read("db".path, expecting: stamp, whileOpen: .rested(.max)).isOfOpenFile)
  }

  /// A try may meet the writer between the change of the time and that of the size.
  private func reading<Value>(_ body: () async throws -> Value) async throws -> Value {
    while true {
      do { return try await body() } catch let failure as LocalFailure
        // Changed: more was written than is taken for one look, while this test waited for its turn.
        where failure.code == .busy || failure.code == .changed
      { usleep(500) }
    }
  }

  @Test func `A snapshot tells whether anybody wrote`() async throws {
    ground.write("f", "hello")
    let tree = try ground.tree()
    let snapshot = try await tree.openSnapshot("f".path, expecting: tree.stamp("f"))
    #expect(snapshot.size == 5)
    #expect(try await snapshot.read(at: 1, count: 3) == Array("ell".utf8))
    #expect(try await snapshot.verify() == .stable(isProvisional: false))
    let file = open(ground.full("f"), O_WRONLY | O_CLOEXEC)
    #expect(try await snapshot.verify() == .changed)
    #expect(pwrite(file, "H", 1, 0) == 1)
    close(file)
    #expect(try await snapshot.verify() == .changed)
    truncate(ground.full("f"), 2)
    #expect(await code { _ = try await snapshot.read(at: 0, count: 5) } == .changed)
    await snapshot.close()
  }

  @Test func `Stamps decide provisionally where no lease is to be had`() async throws {
    ground.write("f", "x")
    let tree = try ground.tree(limits: MountCapabilities(canLease: false))
    let file = open(ground.full("f"), O_WRONLY | O_CLOEXEC)
    #expect(try await tree.read("f".path, expecting: tree.stamp("f")).isProvisional)
    close(file)
  }

  @Test func `An mtime in this moment is provisional`() async throws {
    ground.write("f", "x")
    let tree = try ground.tree()
    var times = [timespec(), timespec()]
    clock_gettime(CLOCK_REALTIME, &times[1])
    times[1].tv_nsec = 0
    times[1].tv_sec += 3_600
    utimensat(AT_FDCWD, ground.full("f"), &times, 0)
    // An hour ahead is as good as long ago: no later write can carry it by chance.
    #expect(try await !tree.read("f".path, expecting: tree.stamp("f")).isProvisional)
    let leaf = try OpenLeaf("f".path, in: tree.observer)
    #expect(!leaf.isProvisional(.held) && leaf.isProvisional(.unavailable))
    // Where this test is kept from its turn the moment may be over.
    #expect(
      try (0..<1_000).contains { _ in
        ground.write("f", "y")
        return try OpenLeaf("f".path, in: tree.observer).isProvisional(.held)
      })
    // A whole second may be all that is kept.
    for (age, isProvisional) in [(0, true), (10, false)] {
      clock_gettime(CLOCK_REALTIME, &times[1])
      times[1].tv_nsec = 0
      times[1].tv_sec -= age
      utimensat(AT_FDCWD, ground.full("f"), &times, 0)
      #expect(try OpenLeaf("f".path, in: tree.observer).isProvisional(.held) == isProvisional)
    }
  }

  @Test func `The pool's threads do the blocking work, many at once`() async throws {
    let pool = BlockingPool(threads: 4)
    let meeting = Counter()
    try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<4 {
        group.addTask {
          try await pool.run {
            // Ends only if all four block at the same time.
            _ = meeting.next()
            while meeting.value < 4 { usleep(100) }
            return Playground.read("/proc/thread-self/comm") ?? ""
          }
        }
      }
      for try await name in group { #expect(name.hasPrefix("martlet-io-")) }
    }
  }
}
