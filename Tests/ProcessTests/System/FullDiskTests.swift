import Foundation
import Martlet
import Testing

/// The built program on a real system that runs short of something, or changes under it. The tests wait more than they
/// work: some run at once, each in namespaces of its own, without privileges.
@Suite enum SystemTests {
  /// A file system of its own for the root, and the commands that mount it.
  static func disk(_ workspace: Workspace, _ options: String) -> (path: String, setUp: String) {
    let path = "\(workspace.path)/d"
    return (path, "mkdir -p '\(path)'; mount -t tmpfs -o \(options),mode=0755 test '\(path)'")
  }
}

extension SystemTests {
  @Suite struct FullDisk {
    /// Nothing at all fits: downloads, conflict copies and the state itself wait, then go on by themselves.
    @Test(.limit(minutes: 15))
    func rootAndState() async throws {
      try await Sandbox.run {
        SystemTests.disk($0, "size=24m").setUp
      } _: { sandbox in
        let workspace = sandbox.workspace
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try sandbox.node("a", root: SystemTests.disk(workspace, "").path, server: server)
          try write(node.path("ballast"), noise(10 << 20, seed: 1))
          try write(node.path("both"), noise(1 << 20, seed: 2))
          try write(node.path("upload"), noise(1 << 20, seed: 3))
          try await node.started()
          try await node.settled()

          // Too large for what is left, while small ones fit.
          try await server.bucket.put("tree/large", noise(16 << 20, seed: 4))
          try await server.bucket.put("tree/small", "fits\n".utf8)
          _ = try await node.process?.line { $0.contains("large") && $0.contains("No space left") }
          try await eventually("what fits arrives") { text(node.path("small")) == "fits\n" ? nil : "not there" }
          #expect(!exists(node.path("large")))
          try await node.status("it is reported") { status in
            status.quarantined.contains { $0.path == "large" && $0.reason.contains("No space left") }
          }

          // Now not even a page for the database; then edits on both sides, in place.
          try fill(node.path("filler"))
          try overwrite(node.path("both"), noise(1 << 20, seed: 5))
          try overwrite(node.path("upload"), noise(1 << 20, seed: 6))
          try await server.bucket.put("tree/both", noise(2 << 20, seed: 7))
          try await server.bucket.put("tree/third", noise(1 << 20, seed: 8))
          try await node.status("the full disk shows") { status in
            status.pending > 0 && (status.lastError?.contains("space") ?? false)
          }
          try await Task.sleep(for: .seconds(3))
          #expect(node.process?.poll() == nil, "it goes on")
          #expect(checksum(node.path("both")) != nil)

          try remove(node.path("filler"))
          try remove(node.path("ballast"))
          try await eventually("everything is where it belongs", within: .seconds(150)) {
            for (name, seed, mebibytes) in [("large", 4, 16), ("third", 8, 1), ("upload", 6, 1)] {
              let expected = content(noise(mebibytes << 20, seed: UInt64(seed)))
              if node.snapshot()[name]?.content != expected { return "\(name) differs here" }
            }
            let contents = node.snapshot().contents
            for (seed, mebibytes) in [(5, 1), (7, 2)]
            where !contents.contains(content(noise(mebibytes << 20, seed: UInt64(seed)))) {
              return "version \(seed) of “both” is missing"
            }
            let keys = try await server.bucket.objects()
            if keys[PathKey("tree/ballast")] != nil { return "the deleted file is in the bucket" }
            return try await server.bucket.get("tree/upload") == noise(1 << 20, seed: 6) ? nil : "upload differs there"
          }
          try await node.settled()
          #expect(node.temporaryFiles() == [])
          #expect(try await node.stopped() == .exited(0))
        }
      }
    }

    /// Started on a full disk: it says so, and starts when there is space.
    @Test(.limit(minutes: 15))
    func atStart() async throws {
      try await Sandbox.run {
        SystemTests.disk($0, "size=8m").setUp
      } _: { sandbox in
        let workspace = sandbox.workspace
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try sandbox.node("a", root: SystemTests.disk(workspace, "").path, server: server)
          try write(node.path("file"), "content\n")
          try fill(node.path("filler"))
          let first = try await node.once(expecting: .exited(2))
          #expect(first.log.contains("space") || first.log.contains("disk is full"), "\(first.log)")
          try remove(node.path("filler"))
          try await node.started()
          try write(node.path("edited"), "first\n")
          try await eventually("the first version is sent") {
            try await server.bucket.objects()[PathKey("tree/edited")] == nil ? "it is not there" : nil
          }
          try await node.settled()

          // Killed on a full disk, with a log that the database has to recover from.
          try fill(node.path("filler"))
          try overwrite(node.path("edited"), Array("other\n".utf8))
          try await Task.sleep(for: .seconds(2))
          try await node.killed()
          let again = try node.launched()
          try await eventually("it says that the disk is full, or runs") {
            if let end = again.poll() {
              #expect(end == .exited(2))
              return again.log.contains("space") || again.log.contains("disk is full") ? nil : again.log
            }
            return again.log.contains("space") || access(node.readyFile, F_OK) == 0 ? nil : "neither"
          }
          try remove(node.path("filler"))
          if again.poll() != nil { try node.launched() }
          try await node.ready()
          try await eventually("the edit is sent") {
            try await server.bucket.get("tree/edited") == Array("other\n".utf8) ? nil : "not yet"
          }
          try await server.bucket.put("tree/later", "later\n".utf8)
          try await eventually("downloads go on") { text(node.path("later")) == "later\n" ? nil : "not there" }
          try await node.status("the status is to be had again") { $0.isReady }
        }
      }
    }

    /// Space, but no inodes.
    @Test(.limit(minutes: 15))
    func inodes() async throws {
      try await Sandbox.run {
        SystemTests.disk($0, "size=64m,nr_inodes=120").setUp
      } _: { sandbox in
        let workspace = sandbox.workspace
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try sandbox.node("a", root: SystemTests.disk(workspace, "").path, server: server)
          for number in 0..<60 { try write(node.path("mine \(number)"), "mine \(number)\n") }
          try await node.started()
          for number in 0..<80 { try await server.bucket.put("tree/theirs \(number)", "theirs \(number)\n".utf8) }
          _ = try await node.process?.line { $0.contains("theirs") && $0.contains("No space left") }
          try await node.status("it is reported") { status in
            status.quarantined.contains { $0.path.hasPrefix("theirs") && $0.reason.contains("No space left") }
          }
          #expect(node.process?.poll() == nil, "it goes on")
          // An edit needs no inode here.
          try overwrite(node.path("mine 0"), Array("edited\n".utf8))
          try await eventually("edits are sent meanwhile") {
            try await server.bucket.get("tree/mine 0") == Array("edited\n".utf8) ? nil : "not yet"
          }
          for number in 1..<60 { try remove(node.path("mine \(number)")) }
          try await eventually("what did not fit arrives", within: .seconds(120)) {
            (0..<80).first { text(node.path("theirs \($0)")) != "theirs \($0)\n" }.map { "theirs \($0) is missing" }
          }
          #expect(text(node.path("mine 0")) == "edited\n")
          #expect(node.temporaryFiles() == [])
        }
      }
    }
  }
}

/// Writes until the disk is full.
func fill(_ path: String) throws {
  let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_TRUNC, 0o644)
  guard file >= 0 else { throw FileFailure("open", path) }
  defer { close(file) }
  for size in [1 << 16, 1 << 12, 1] {
    let block = noise(size, seed: UInt64(size))
    while write(file, block, size) == size {}
  }
}

/// Writes over what is there, which needs no space.
func overwrite(_ path: String, _ bytes: [UInt8]) throws {
  let file = open(path, O_WRONLY | O_CLOEXEC)
  guard file >= 0 else { throw FileFailure("open", path) }
  defer { close(file) }
  guard write(file, bytes, bytes.count) == bytes.count else { throw FileFailure("write", path) }
}
