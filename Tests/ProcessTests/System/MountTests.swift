import CLinux
import Foundation
import LocalTree
import Martlet
import Testing

extension SystemTests {
  /// Mounts inside the root.
  @Suite struct Mounts {
    /// Bind mounts of folders and of a file, a read-only one, and one that comes and goes while Martlet runs.
    @Test(.limit(minutes: 15))
    func insideTheRoot() async throws {
      try await Sandbox.run { workspace in
        """
        cd '\(workspace.path)'
        mkdir -p r/bind r/fixed r/comes bound fixed comes
        echo 'on the root' >r/plain; echo bound >bound/file; echo fixed >fixed/file; echo single >single
        echo hidden >r/comes/below; echo comes >comes/file; : >r/single
        mount --bind bound r/bind; mount --bind single r/single
        mount --bind fixed r/fixed; mount -o remount,bind,ro r/fixed
        """
      } _: { sandbox in
        let workspace = sandbox.workspace
        try await TestServer.run(.embedded, in: workspace) { server in
          let a = try sandbox.node("a", root: "\(workspace.path)/r", server: server)
          let b = try Node("b", in: workspace, server: server)
          try await a.started()
          try await b.started()
          _ = try await a.process?.line { $0.contains("fixed") && $0.contains("cannot hold Martlet's state folder") }
          try await equal(a, b, except: ["fixed"])
          #expect(text(b.path("single")) == "single\n")
          #expect(!exists(b.path("fixed/file")))

          // A folder on another mount is like any other.
          try write(a.path("bind/from a"), "from a\n")
          try write(b.path("bind/file"), "edited on b\n")
          try remove(b.path("plain"))
          try await equal(a, b, except: ["fixed"])
          #expect(text("\(workspace.path)/bound/file") == "edited on b\n")

          // A file that is a mount of its own can be written here, but not replaced.
          try write(a.path("single"), "edited on a\n")
          try await equal(a, b, except: ["fixed"])
          try write(b.path("single"), "edited on b\n")
          _ = try await a.process?.line { $0.contains("single") && $0.contains("busy") }
          try await a.status("it is reported") { $0.quarantined.contains { $0.path == "single" } }
          #expect(text(a.path("single")) == "edited on a\n")

          // What comes from the other side cannot be put on a read-only mount, and what is there is not deleted.
          try write(b.path("fixed/new"), "new\n")
          try await Task.sleep(for: .seconds(3))
          #expect(names(in: a.path("fixed")) == ["file"])
          #expect(exists(b.path("fixed/new")))

          try await comesAndGoes(a, b, sandbox)
        }
      }
    }

    private func comesAndGoes(_ a: Node, _ b: Node, _ sandbox: Sandbox) async throws {
      let except = ["fixed", "single"]
      let (root, volume) = ("\(sandbox.workspace.path)/r/comes", "\(sandbox.workspace.path)/comes")
      // It hides a file of the root's, which nobody deleted; its own files are new, and are watched.
      try await sandbox.shell("mount --bind '\(volume)' '\(root)'")
      try await eventually("the mount is seen") { text(b.path("comes/file")) == "comes\n" ? nil : "not yet" }
      try await a.settled()
      try write(a.path("comes/later/file"), "later\n")
      try await eventually("edits on it are seen") { text(b.path("comes/later/file")) == "later\n" ? nil : "not yet" }
      try await Task.sleep(for: .seconds(3))
      #expect(text(b.path("comes/below")) == "hidden\n", "what a mount hides is not deleted")
      // It goes: nobody deleted its files either.
      try await sandbox.shell("umount --lazy '\(root)'")
      try write(b.path("comes/below"), "edited on b while it was hidden\n")
      try await eventually("the hidden file is there") {
        text(a.path("comes/below")) == "edited on b while it was hidden\n" ? nil : "not yet"
      }
      try await Task.sleep(for: .seconds(4))
      #expect(text(b.path("comes/file")) == "comes\n", "what lay on a mount is not deleted")
      #expect(text(b.path("comes/later/file")) == "later\n")
      try write(b.path("comes/file"), "edited on b while it was away\n")
      // And comes back, as another mount to the kernel.
      try await sandbox.shell("mount --bind '\(volume)' '\(root)'")
      try await eventually("it is synced again", within: .seconds(90)) {
        text(a.path("comes/file")) == "edited on b while it was away\n" ? nil : "the edit does not arrive"
      }
      try write(a.path("comes/last"), "last\n")
      try remove(a.path("comes/later/file"))
      try await eventually("both ways") {
        exists(b.path("comes/last")) && !exists(b.path("comes/later/file")) ? nil : "not yet"
      }
      #expect(exists(b.path("comes/below")))
      try await equal(a, b, except: except + ["comes"])
    }

    /// Where nothing is mounted, what is mounted need not be read again and again.
    @Test(.limit(minutes: 2))
    func theListTellsOfChanges() async throws {
      try await Sandbox.run { sandbox in
        let list = clinux_open(AT_FDCWD, sandbox.mountList, O_RDONLY, 0)
        try #require(list >= 0)
        defer { close(list) }
        let kernel = LinuxKernel.shared
        let folder = sandbox.workspace.path
        #expect(!kernel.mountsMayDiffer(list))
        for command in ["mount --bind '\(folder)' '\(folder)'", "umount --lazy '\(folder)'"] {
          try await sandbox.shell(command)
          #expect(kernel.mountsMayDiffer(list))
          #expect(!kernel.mountsMayDiffer(list))
        }
      }
    }

    /// Made read-only while it runs, and writable again. The state lies elsewhere: the kernel refuses to make
    /// read-only what somebody writes to.
    @Test(.limit(minutes: 15))
    func readOnlyForAWhile() async throws {
      try await Sandbox.run {
        SystemTests.disk($0, "size=24m").setUp
      } _: { sandbox in
        let workspace = sandbox.workspace
        try await TestServer.run(.embedded, in: workspace) { server in
          let (root, _) = SystemTests.disk(workspace, "")
          let a = try sandbox.node(
            "a", root: root, server: server, options: ["--state-dir", workspace.folder("state")])
          for number in 0..<20 { try write(a.path("file \(number)"), "content \(number)\n") }
          try await a.started()
          try await a.settled()
          let before = a.snapshot()
          try await sandbox.shell("mount -o remount,ro '\(root)'")
          for number in 0..<10 { try await server.bucket.put("tree/file \(number)", "edited there \(number)\n".utf8) }
          try await server.bucket.delete("tree/file 19")
          try await server.bucket.put("tree/new", "new\n".utf8)
          _ = try await a.process?.line { $0.contains("Read-only file system") }
          try await a.status("it is reported") { status in
            status.quarantined.contains { $0.path == "new" && $0.reason.contains("Read-only file system") }
          }
          #expect(a.process?.poll() == nil, "it goes on")
          #expect(a.snapshot().difference(from: before) == nil)
          #expect(try await server.bucket.objects("tree/").count == 20)
          try await sandbox.shell("mount -o remount,rw '\(root)'")
          try await eventually("what waited arrives", within: .seconds(120)) {
            if text(a.path("new")) != "new\n" { return "new is missing" }
            if exists(a.path("file 19")) { return "the deletion is missing" }
            return (0..<10).first { text(a.path("file \($0)")) != "edited there \($0)\n" }.map { "file \($0) is old" }
          }
          try write(a.path("file 15"), "edited here\n")
          try await eventually("edits are sent") {
            try await server.bucket.get("tree/file 15") == Array("edited here\n".utf8) ? nil : "not yet"
          }
          #expect(try a.status()?.conflicts == 0)
        }
      }
    }
  }
}
