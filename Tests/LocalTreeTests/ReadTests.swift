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
    var reader = tree.reader
    reader.rest = .max
    let impatient = reader
    #expect(await code { _ = try impatient.read("f".path, expecting: stamp) } == .busy)
    #expect(await code { _ = try impatient.openSnapshot("f".path, expecting: stamp) } == .busy)
    reader.rest = 0
    let content = try reader.read("f".path, expecting: stamp)
    #expect(content.bytes == [UInt8(ascii: "x")] && content.isProvisional)
    let snapshot = try reader.openSnapshot("f".path, expecting: stamp)
    #expect(write(file, "y", 1) == 1)
    #expect(try await snapshot.read(at: 0, count: 1) == [UInt8(ascii: "x")])
    #expect(try await snapshot.verify() == .stable(isProvisional: true))
    await snapshot.close()
    #expect(ground.staged == [])
    close(file)
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
    ground.write("f", "y")
    #expect(try OpenLeaf("f".path, in: tree.observer).isProvisional(.held))
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
