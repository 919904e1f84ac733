import Foundation
import Testing

extension ProcessTests {
  /// Must hold 6: whatever stands in the bucket, the root is the limit.
  @Suite struct OddKeys {
    /// What a file system can hold.
    private static let holdable = [
      "new\nline", "per%20cent", "pl+us", "cafe\u{301}", "caf\u{e9}", "trailing blank ", " leading", "a&b<c>\"'",
      "\\back",
      "名前/ファイル", "-rf", "con", "~", "..hidden", "...", String(repeating: "é", count: 127), longest,
    ]

    /// 1,024 bytes with the prefix.
    private static let longest: String = {
      let folder = String(repeating: "k", count: 250) + "/"
      let start = String(repeating: folder, count: 4)
      return start + String(repeating: "z", count: 1024 - "tree/".utf8.count - start.utf8.count)
    }()

    /// What none can, and how it is called in reports: all of it, or a part that stands in every form of it.
    private static let unholdable = [
      "../../escape 1", "../escape 2", "/abs", "double//slash", "./dot", "inner/../up", "inner/./same", "..", ".",
      "ends/..", String(repeating: "c", count: 300),
    ]

    @Test(.limit(minutes: 2), arguments: TestServer.Kind.conditional)
    func stayInside(_ kind: TestServer.Kind) async throws {
      // What moto cannot do: keys with line breaks, which it answers with 404.
      let holdable = Self.holdable.filter { kind != .moto || !$0.contains("\n") }
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let root = try workspace.folder("outer/inner/root")
          try write(workspace.path + "/outer/sentinel", "untouched\n")
          let node = try Node("a", in: workspace, server: server, root: root)
          for key in holdable + Self.unholdable { try await server.bucket.put("tree/\(key)", "content of \(key)".utf8) }
          try await server.bucket.put("tree/beside", "a file where a folder is".utf8)
          try await server.bucket.put("tree/beside/below", "below".utf8)
          try await server.bucket.put("tree/.martlet/planted", "not ours".utf8)
          try await server.bucket.put("tree/", [])
          let before = try await server.bucket.objects()

          try await node.started()
          try await node.settled()
          for key in holdable { #expect(text(node.path(key)) == "content of \(key)", "\(PathKey(key))") }
          #expect(text(node.path("beside/below")) == "below")
          #expect(!exists(node.path(".martlet/planted")))
          for key in Self.unholdable {
            _ = try await node.process?.line(within: .seconds(5)) { $0.contains("left alone") && $0.contains(key) }
          }
          // The directory wins after a settle time; the key is reported.
          _ = try await node.process?.line { $0.contains("left alone") && $0.contains("beside") }
          let outside = TreeSnapshot(workspace.path + "/outer").without(["inner/root"])
          #expect(outside.entries.keys.map(\.text).sorted() == ["inner", "sentinel"])
          #expect(!exists("/abs") && !exists(workspace.path + "/escape 1"))

          // The rest goes on, both ways.
          try write(node.path("per%20cent"), "edited here")
          try await server.bucket.put("tree/trailing blank ", "edited there".utf8)
          try await eventually("edits cross") {
            let there = try await server.bucket.get("tree/per%20cent")
            return there == Array("edited here".utf8) && text(node.path("trailing blank ")) == "edited there"
              ? nil : "not yet"
          }
          let after = try await server.bucket.objects()
          for key in Self.unholdable + ["beside", ".martlet/planted"] {
            #expect(after[PathKey("tree/\(key)")] == before[PathKey("tree/\(key)")], "\(key)")
          }
        }
      }
    }

    /// Symbolic links from the bucket lead nobody out of the root.
    @Test(.limit(minutes: 1), arguments: TestServer.Kind.conditional)
    func plantedLinks(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let outside = try workspace.folder("outside")
          try write(outside + "/secret", "not for the bucket\n")
          let node = try Node("a", in: workspace, server: server)
          let metadata = ["mode": "\(S_IFLNK | 0o777)", "mtime": "1700000000"]
          try await server.bucket.put("tree/planted", outside.utf8, metadata: metadata)
          try await server.bucket.put("tree/inside", "target".utf8, metadata: metadata)
          try await node.started()
          try await node.settled()
          #expect(!exists(node.path("planted")))
          #expect(TreeSnapshot(node.root)["inside"]?.content == .link(target: Array("target".utf8)))
          // Now a folder of that name: its files must not pass through a link that somebody puts there.
          try link(node.path("door"), to: outside)
          try await server.bucket.put("tree/door/file", "through the door".utf8)
          try await Task.sleep(for: .seconds(4))
          #expect(names(in: outside) == ["secret"])
          let keys = try await server.bucket.objects().keys
          for key in keys where !key.text.hasSuffix("/") {
            #expect(try await server.bucket.get(key.text) != Array("not for the bucket\n".utf8))
          }
        }
      }
    }
  }
}
