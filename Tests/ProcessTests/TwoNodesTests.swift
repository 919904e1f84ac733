import Foundation
import Testing

/// Must hold 1: two nodes over one bucket. Beside the other process tests, since it takes as long as all of them.
@Suite(.serialized) struct TwoNodes {
  /// `MARTLET_TREE_FILES` makes the largest tree larger or smaller.
  private static let largest = ProcessTests.scale("MARTLET_TREE_FILES", default: 10_000)

  private static let files: [(TestServer.Kind, Int)] = TestServer.Kind.allCases.map { kind in
    switch kind {
    case .embedded: (kind, largest)
    case .moto: (kind, 500)
    // Neither has conditions for deletions: each rename leaves as many keys below .martlet/aside/, and above 1,000
    // LocalStack's listing is out of order.
    case .rclone, .localstack: (kind, 300)
    }
  }

  /// A real tree on two nodes of an unprivileged user, then changes on either.
  @Test(.limit(minutes: 10), arguments: files)
  func realTree(_ kind: TestServer.Kind, files: Int) async throws {
    try await Workspace.run { workspace in
      try await TestServer.run(kind, in: workspace, asProcess: true) { server in
        // A listing takes a while on these servers.
        let poll = files > 1000 ? 4 : 1
        let martlet = try await Unprivileged.martlet(in: workspace)
        func node(_ name: String) throws -> Node {
          try Node(
            name, in: workspace, server: server, options: ["--poll", "\(poll)"], environment: martlet.environment,
            program: martlet.program)
        }
        let (a, b) = (try node("a"), try node("b"))
        // Enough for a folder to rename.
        let many = min(1000, files / 2)
        try RealTree.build(in: a.root, files: files - many, for: kind)
        try makeFolderToRename(a, files: many)
        Unprivileged.own(a.root)
        Unprivileged.own(b.root)

        try await a.started(within: .seconds(180))
        for path in RealTree.reported { _ = try await a.process?.line(containing: path) }
        try await b.started(within: .seconds(180))
        try await equal(a, b, except: RealTree.reported, within: .seconds(60))
        try await a.settled()
        try await b.settled()

        try changes(on: a, "a")
        Unprivileged.own(a.root)
        try await arrives(from: a, at: b, poll: poll)
        try changes(on: b, "b")
        Unprivileged.own(b.root)
        try await arrives(from: b, at: a, poll: poll)
        try removals(on: b)
        try await arrives(from: b, at: a, poll: poll)

        // rclone has no conditions and takes the file's time for the object's: a version of our own may look like
        // somebody else's, and is then kept twice.
        if kind != .rclone {
          #expect(a.snapshot().entries.keys.allSatisfy { !$0.text.contains("(conflict ") })
        }
        // The unreadable file is not in sync.
        #expect(try await a.stopped() == .exited(1))
        #expect(try await b.stopped() == .exited(0))
      }
    }
  }

  private func arrives(from source: Node, at target: Node, poll: Int) async throws {
    try await source.settled()
    // Two polls, and the transfer of 1,000 files by an unoptimised build on a busy machine.
    try await equal(source, target, except: RealTree.reported, within: .seconds(2 * poll + 60))
  }

  private func makeFolderToRename(_ node: Node, files: Int) throws {
    for number in 0..<files {
      try write(node.path("many/\(number % 10)/file \(number)"), "small file \(number)\n")
    }
  }

  private func changes(on node: Node, _ mark: String) throws {
    try write(node.path("odd/no content"), "no longer empty: \(mark)\n")
    try write(node.path("odd/two  blanks and trailing "), "appended: \(mark)\n", append: true)
    try write(node.path("odd/hard link 1"), "through one name: \(mark)\n", append: true)
    try write(node.path("new \(mark)/deep/er/file"), "new: \(mark)\n")
    if node.keepsAll { try makeFolder(node.path("new \(mark)/empty")) }
    chmod(node.path("odd/run me"), mark == "a" ? 0o700 : 0o755)
    var times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 1000), timespec(tv_sec: 1_000_000_000, tv_nsec: 1000)]
    utimensat(AT_FDCWD, node.path("odd/long ago"), &times, 0)
    try remove(node.path("odd/link to a file"))
    try link(node.path("odd/link to a file"), to: "new target of \(mark)")
    // A folder with 1,000 files.
    let names = ["many", "renamed by a", "renamed by b"]
    try move(node.path(mark == "a" ? names[0] : names[1]), node.path(mark == "a" ? names[1] : names[2]))
  }

  private func removals(on node: Node) throws {
    removeTree(node.path("renamed by b/3"))
    try remove(node.path("odd/no content"))
    try remove(node.path("odd/link to nothing"))
    removeTree(node.path("odd/empty"))
    removeTree(node.path("new a"))
  }
}
