import Foundation
import Martlet
import Testing

extension ProcessTests {
  /// Must hold 5: people and programs write while Martlet does.
  @Suite struct LiveEdits {
    private static let mebibytes = ProcessTests.scale("MARTLET_DOWNLOAD_MIB", default: 300)

    @Test(.limit(minutes: 4), arguments: [TestServer.Kind.embedded, .moto])
    func editDuringDownload(_ kind: TestServer.Kind) async throws {
      let mebibytes = kind == .embedded ? Self.mebibytes : min(64, Self.mebibytes)
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let (a, b) = (try Node("a", in: workspace, server: server), try Node("b", in: workspace, server: server))
          try write(a.path("large"), "small at first\n")
          try await a.started()
          try await b.started()
          try await equal(a, b)
          let remote = noise(mebibytes << 20, seed: 1)
          try write(a.path("large"), remote)
          try await b.status("the download is under way", within: .seconds(120)) { status in
            status.active.contains { $0.path == "large" && $0.direction == "download" }
          }
          try write(b.path("large"), "edited while the new version came\n")
          try await a.settled(within: .seconds(120))
          try await eventually("both versions are on both nodes", within: .seconds(120)) {
            for node in [a, b] {
              let contents = node.snapshot().contents
              if !contents.contains(content(remote)) { return "\(node.name) lacks the remote version" }
              if !contents.contains(content("edited while the new version came\n".utf8)) {
                return "\(node.name) lacks the edit"
              }
            }
            return nil
          }
          try await a.settled()
          try await b.settled()
          try await equal(a, b)
        }
      }
    }

    @Test(.limit(minutes: 3), arguments: [TestServer.Kind.embedded, .moto])
    func writerThatHoldsTheFile(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let options = ["--upload-open-after", "2"]
          let (a, b) = (
            try Node("a", in: workspace, server: server), try Node("b", in: workspace, server: server, options: options)
          )
          try write(a.path("log"), "line 1\n")
          try await a.started()
          try await b.started()
          try await equal(a, b)
          // Closes once: a second close would hit whatever has the number by then.
          let file = FileHandle(
            fileDescriptor: open(b.path("log"), O_WRONLY | O_APPEND | O_CLOEXEC), closeOnDealloc: true)
          try file.write(contentsOf: Data("from the writer\n".utf8))
          try write(a.path("log"), "a remote version\n")
          try await a.settled()
          // Long enough for the other node to find it and to meet the open file.
          try await eventually("b has seen the remote version") {
            b.process?.log.contains("log") == true && b.snapshot().entries.count > 1 ? nil : "no conflict copy yet"
          }
          try file.write(contentsOf: Data("and more\n".utf8))
          try file.close()
          try await a.settled()
          try await b.settled()
          try await equal(a, b)
          let contents = a.snapshot().contents
          #expect(contents.contains(content("a remote version\n".utf8)))
          #expect(contents.contains(content("line 1\nfrom the writer\nand more\n".utf8)))
        }
      }
    }

    /// What programs do when they save, on files that are in sync; what they wrote arrives and nothing else.
    @Test(.limit(minutes: 3), arguments: [TestServer.Kind.embedded])
    func savesOfPrograms(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let (a, b) = (try Node("a", in: workspace, server: server), try Node("b", in: workspace, server: server))
          for name in ["vim", "sed", "rsync", "emacs"] { try write(a.path(name), "first\nsecond\n") }
          try await git(["init", "--quiet", "--initial-branch=main", a.path("repository")], workspace)
          try await a.started()
          try await b.started()
          try await equal(a, b)

          try saveAsVim(a.path("vim"), "first\nsecond\nthird, by vim\n")
          try saveAsEmacs(a.path("emacs"), "first\nsecond\nthird, by emacs\n")
          try await expectSuccess([try Programs.system("sed"), "-i", "s/first/by sed/", a.path("sed")], workspace)
          let source = try workspace.folder("source")
          try write(source + "/rsync", "by rsync\n")
          try await expectSuccess(
            [try Programs.system("rsync"), "-t", source + "/rsync", a.path("rsync")], workspace)
          try write(a.path("repository/file"), "committed\n")
          try await git(["-C", a.path("repository"), "add", "file"], workspace)
          try await git(["-C", a.path("repository"), "commit", "--quiet", "-m", "first"], workspace)

          try await a.settled()
          try await equal(a, b)
          #expect(text(b.path("vim")) == "first\nsecond\nthird, by vim\n")
          #expect(text(b.path("emacs")) == "first\nsecond\nthird, by emacs\n")
          #expect(text(b.path("sed")) == "by sed\nsecond\n")
          #expect(text(b.path("rsync")) == "by rsync\n")
          // The commit is complete on the other node.
          try await git(["-C", b.path("repository"), "fsck", "--strict"], workspace)
          try await git(["-C", b.path("repository"), "show", "--stat", "HEAD"], workspace)
          #expect(a.snapshot().entries.keys.allSatisfy { !$0.text.contains("(conflict ") })
        }
      }
    }

    private func expectSuccess(_ command: [String], _ workspace: Workspace) async throws {
      let (end, output) = try await ProcessTests.finished(command, in: workspace)
      if end != .exited(0) { throw Child.Failure(description: "\(command) ended with \(end): \(output)") }
    }

    private func git(_ arguments: [String], _ workspace: Workspace) async throws {
      let identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "safe.directory=*"]
      try await expectSuccess([try Programs.system("git")] + identity + arguments, workspace)
    }

    /// With `backupcopy=no`: the old file moves away, a new one takes its name, the old one goes.
    private func saveAsVim(_ path: String, _ content: String) throws {
      try write(path + ".swp", noise(4096, seed: 1))
      try move(path, path + "~")
      try write(path, content)
      try remove(path + "~")
      try remove(path + ".swp")
    }

    /// In place, with a backup beside it.
    private func saveAsEmacs(_ path: String, _ content: String) throws {
      try write(path + "~", read(path) ?? [])
      try write(path, content)
    }
  }
}
