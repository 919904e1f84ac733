import Foundation
import Martlet
import Testing

extension SystemTests {
  /// The same edits on every kind of file system that a root may lie on.
  @Suite struct FileSystems {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
      /// That of the temporary folder: in most places what a real disk has.
      case disk
      case tmpfs
      /// Files that lie in a layer below are copied up when they are first written, and get another inode.
      case overlay

      var testDescription: String { rawValue }

      /// Shell commands that leave the file system mounted at `$R`, with files below `old/` already there.
      var setUp: String {
        let fill = """
          mkdir -p "$1/old/deep/er"
          i=0; while [ $i -lt 12 ]; do echo "old $i" >"$1/old/$i"; echo "deep $i" >"$1/old/deep/er/$i"; i=$((i+1)); done
          """
        return switch self {
        case .disk: "set -- \"$R\"\n\(fill)"
        case .tmpfs: "mount -t tmpfs -o mode=0755 test \"$R\"\nset -- \"$R\"\n\(fill)"
        case .overlay:
          """
          mkdir -p "$R.lower" "$R.upper" "$R.work"
          set -- "$R.lower"
          \(fill)
          mount -t overlay -o "lowerdir=$R.lower,upperdir=$R.upper,workdir=$R.work,userxattr" test "$R"
          """
        }
      }
    }

    @Test(.limit(minutes: 15), arguments: Kind.allCases)
    func scenario(_ kind: Kind) async throws {
      try await Sandbox.run { workspace in
        "R='\(workspace.path)/r'; mkdir -p \"$R\"\n\(kind.setUp)"
      } _: { sandbox in
        let workspace = sandbox.workspace
        try await TestServer.run(.embedded, in: workspace) { server in
          let a = try sandbox.node("a", root: "\(workspace.path)/r", server: server)
          let b = try Node("b", in: workspace, server: server)
          try await expectFileSystem(kind, sandbox)
          try await a.started()
          try await b.started()
          try await equal(a, b)
          #expect(b.snapshot().fileCount == 24)

          // On this file system first, then on the other side, of the same files too.
          try await edit(a, "a", "d")
          try await equal(a, b)
          try await edit(b, "b", "deep")
          try await equal(a, b)
          try await a.settled()
          try await b.settled()
          try await replaceOpenFiles(a, b)
          try await equal(a, b)
          #expect(a.temporaryFiles() == [])
          // Restarted, it finds nothing to do: what it remembers of the files is what they have.
          try await a.stopped()
          let again = try await a.started()
          try await a.settled()
          #expect(!again.log.contains("uploaded:") && !again.log.contains("downloaded:"), "\(again.log)")
          try await equal(a, b)
        }
      }
    }

    private func expectFileSystem(_ kind: Kind, _ sandbox: Sandbox) async throws {
      let found = try await sandbox.shell("stat --file-system --format %T '\(sandbox.workspace.path)/r'")
        .trimmingCharacters(in: .whitespacesAndNewlines)
      switch kind {
      case .tmpfs: #expect(found == "tmpfs")
      case .overlay: #expect(found == "overlayfs")
      case .disk: print("the temporary folder lies on \(found)")
      }
    }

    /// Edits in place, by replacing, of times and modes; deletions, renames of files and folders, a folder for a file.
    private func edit(_ node: Node, _ mark: String, _ folder: String) async throws {
      let offset = mark == "a" ? 0 : 6
      func old(_ number: Int) -> String { node.path("old/\(offset + number)") }
      try write(old(0), "appended by \(mark)\n", append: true)
      try write(old(1) + ".new", "replaced by \(mark)\n")
      try move(old(1) + ".new", old(1))
      chmod(old(2), 0o600)
      try remove(old(3))
      try move(old(4), node.path("moved by \(mark)"))
      try remove(old(5))
      try makeFolder(old(5))
      try write(old(5) + "/in place of a file", "by \(mark)\n")
      // Of a folder in a lower layer the kernel says EXDEV, and mv(1) copies.
      let (from, to) = mark == "a" ? ("old/deep", "renamed by a") : ("renamed by a", "renamed by b")
      if rename(node.path(from), node.path(to)) != 0 {
        guard errno == EXDEV else { throw FileFailure("rename", from) }
        let (end, output) = try await ProcessTests.finished(
          [try Programs.system("mv"), node.path(from), node.path(to)], in: node.workspace)
        #expect(end == .exited(0), "\(output)")
      }
      try remove(node.path("\(to)/er/\(offset)"))
      try write(node.path("\(to)/er/\(offset + 1)"), "edited by \(mark)\n")
      try write(node.path("new by \(mark)/\(folder)/file"), noise(300_000, seed: UInt64(offset + 1)))
    }

    /// What somebody holds open is replaced from the other side: whoever reads goes on with the old version, what
    /// whoever writes has written is kept beside the new one.
    private func replaceOpenFiles(_ a: Node, _ b: Node) async throws {
      let reader = FileHandle(fileDescriptor: open(a.path("old/0"), O_RDONLY | O_CLOEXEC), closeOnDealloc: true)
      try write(b.path("old/0"), "replaced while it is read\n")
      try await equal(a, b)
      #expect(try reader.readToEnd() == Data("old 0\nappended by a\n".utf8))
      try reader.close()

      let writer = FileHandle(
        fileDescriptor: open(a.path("old/1"), O_WRONLY | O_APPEND | O_CLOEXEC), closeOnDealloc: true)
      try writer.write(contentsOf: Data("from the writer\n".utf8))
      try write(b.path("old/1"), "replaced while it is written\n")
      try await b.settled()
      try await Task.sleep(for: .seconds(2))
      try writer.write(contentsOf: Data("to the end\n".utf8))
      try writer.close()
      try await eventually("both versions are on both nodes") {
        for node in [a, b] {
          let contents = node.snapshot().contents
          for version in ["replaced while it is written\n", "replaced by a\nfrom the writer\nto the end\n"]
          where !contents.contains(content(version.utf8)) {
            return "\(node.name) lacks “\(version)”"
          }
        }
        return nil
      }
    }
  }
}
