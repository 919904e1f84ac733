import Foundation
import Testing

extension ProcessTests {
  /// Must hold 9: nothing to do costs next to nothing.
  @Suite struct SecondOnce {
    @Test(.limit(minutes: 2), arguments: TestServer.Kind.allCases)
    func onlyLists(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace, recording: true) { server in
          let node = try Node("a", in: workspace, server: server)
          try RealTree.build(in: node.root, files: 200, for: kind)
          try write(node.path("large"), noise(20 << 20, seed: 9))
          for number in 0..<5 { try await server.bucket.put("tree/remote \(number)", "remote \(number)".utf8) }
          // A link that leads out is reported, so not everything is in sync.
          try remove(node.path("odd/leads out"))
          try await node.once()
          // The time in its replies is that at which requests came: what it stored in the next second is looked up once.
          if kind == .localstack { try await node.once() }
          let (tree, keys) = (detailed(node.root), try await server.bucket.objects())
          let before = server.requests().count
          try await node.once()
          let sent = server.requests().dropFirst(before)
          #expect(detailed(node.root) == tree)
          #expect(try await server.bucket.objects() == keys)
          #expect(!sent.isEmpty)
          #expect(sent.count { $0 == "ListMultipartUploads" } <= 1)
          #expect(
            sent.allSatisfy { $0 == "ListObjectsV2" || $0 == "ListMultipartUploads" }, "\(sent.joined(separator: "\n"))"
          )
        }
      }
    }

    /// Every stamp of every file, its change time too: a file that was written and restored differs.
    private func detailed(_ root: String) -> [String: [Int64]] {
      var found: [String: [Int64]] = [:]
      func add(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        found[path] = [
          Int64(status.st_ino), Int64(status.st_size), Int64(status.st_mode), Int64(status.st_mtim.tv_sec),
          Int64(status.st_mtim.tv_nsec), Int64(status.st_ctim.tv_sec), Int64(status.st_ctim.tv_nsec),
        ]
        if status.st_mode & S_IFMT == S_IFDIR { for name in names(in: path) { add(path + "/" + name) } }
      }
      for name in names(in: root) where name != ".martlet" { add(root + "/" + name) }
      return found
    }
  }
}
