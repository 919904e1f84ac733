import AWSKit
import Foundation
import Martlet
import Testing

extension SystemTests {
  /// A folder that others write, too: another Martlet for another bucket, a second one for the same, programs on a file
  /// system that tells nothing.
  @Suite struct SharedRoots {
    private static let other = "martlet-other"

    /// Two processes keep one folder the same as a prefix of one bucket each.
    @Test(.limit(minutes: 15)) func twoBuckets() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          try await server.bucket.client.createBucket(Self.other)
          let root = try workspace.folder("shared")
          let first = try Node("first", in: workspace, server: server, root: root)
          let second = try Node("second", in: workspace, server: server, bucket: Self.other, root: root)
          let buckets = [server.bucket, try Bucket(Self.other, url: server.url)]
          do {
            try write(first.path("before"), "before both\n")
            try await buckets[0].put("tree/only first", "first\n".utf8)
            try await buckets[1].put("tree/only second", "second\n".utf8)
            try await first.started()
            try await second.started()
            try await expectEqual(first, second, buckets)

            // From all three sides at once, small and large; a change, a deletion and a rename of each.
            for number in 0..<20 { try write(first.path("here/\(number)"), "local \(number)\n") }
            try write(first.path("large"), noise(9 << 20, seed: 1))
            for (index, bucket) in buckets.enumerated() {
              for number in 0..<10 {
                try await bucket.put("tree/there \(index)/\(number)", "\(index) \(number)\n".utf8)
              }
              try await bucket.put("tree/large \(index)", noise(9 << 20, seed: UInt64(index + 2)))
            }
            try await expectEqual(first, second, buckets)
            try write(first.path("there 0/1"), "changed here\n")
            try move(first.path("here"), first.path("moved"))
            try remove(first.path("large"))
            try await buckets[0].put("tree/there 1/2", "changed in the first\n".utf8)
            try await buckets[0].delete("tree/there 1/3")
            try await buckets[1].put("tree/there 0/2", "changed in the second\n".utf8)
            try await buckets[1].delete("tree/there 0/3")
            try await expectEqual(first, second, buckets)
            #expect(text(first.path("there 0/1")) == "changed here\n" && !exists(first.path("there 0/3")))
            #expect(text(first.path("there 1/2")) == "changed in the first\n" && !exists(first.path("there 1/3")))
            #expect(text(first.path("there 0/2")) == "changed in the second\n")
            #expect(exists(first.path("moved/19")) && !exists(first.path("here")) && !exists(first.path("large")))
            // Nobody took the other for a rival.
            #expect(first.snapshot().entries.keys.allSatisfy { !$0.text.contains("(conflict ") })

            // One file, changed in both at the same moment: one wins, the other is kept.
            for (index, bucket) in buckets.enumerated() {
              try await bucket.put("tree/before", "of bucket \(index)\n".utf8)
            }
            try await expectEqual(first, second, buckets)
            let contents = first.snapshot().contents
            for index in 0...1 { #expect(contents.contains(content("of bucket \(index)\n".utf8))) }
            for node in [first, second] {
              #expect(node.temporaryFiles() == [])
              #expect(try await node.stopped() == .exited(0))
            }
          } catch {
            try await buckets[1].close()
            throw error
          }
          try await buckets[1].close()
        }
      }
    }

    /// The folder and both buckets hold the same, nothing of Martlet's own, and rest.
    private func expectEqual(_ first: Node, _ second: Node, _ buckets: [Bucket]) async throws {
      func difference() async throws -> String? {
        let here = first.snapshot().onlyContents.entries
        for bucket in buckets {
          let there = try await bucket.objects("tree/").filter { !$0.key.text.hasSuffix("/") }
          let names = Set(there.keys.map { String($0.text.dropFirst("tree/".count)) })
          let missing = Set(here.keys.map(\.text)).symmetricDifference(names)
          if !missing.isEmpty { return "\(bucket.name) and the folder differ in \(missing.sorted().prefix(5))" }
          for name in names where try await bucket.get("tree/\(name)") != (read(first.path(name)) ?? []) {
            return "\(bucket.name) has another “\(name)”"
          }
        }
        return nil
      }
      try await eventually("all three are equal", within: .seconds(90), every: .milliseconds(300), difference)
      for node in [first, second] { try await node.settled() }
      #expect(try await difference() == nil)
    }

    /// It ends with what the user needs to know of the first.
    @Test(.limit(minutes: 15)) func secondInstance() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let a = try Node("a", in: workspace, server: server)
          let began = Date.now.addingTimeInterval(-1)
          let first = try await a.started()
          let again = try Node("again", in: workspace, server: server, root: a.root)
          let second = try await again.once(expecting: .exited(2))
          let message = try #require(second.logLines.first { $0.contains("is already being synced with this prefix") })
          let told = try #require(message.firstMatch(of: /process (\d+) on host (\S+) since (\S+) (\S+) UTC/)?.output)
          #expect(told.1 == "\(first.pid)" && told.2 == ProcessInfo.processInfo.hostName.prefix(told.2.count))
          let since = try Date("\(told.3)T\(told.4)Z", strategy: .iso8601)
          #expect((began...Date.now).contains(since))
          // The first is none the worse.
          try write(a.path("file"), "still here\n")
          try await eventually("it is sent") { (try? await server.bucket.get("tree/file")) != nil }
          // What it leaves behind does not stand in the way, even if it was killed.
          try await a.killed()
          try await again.once()
        }
      }
    }

    /// A folder of FUSE, here another bucket by s3fs, whose files change without an event. It has neither hard links nor
    /// the calls that put a file in place safely, so nothing is brought into it.
    @Test(.limit(minutes: 15)) func aFolderOfFUSE() async throws {
      guard S3FS.canRun else {
        print("no FUSE on this machine: a folder that tells nothing is tried with --watch poll only")
        return try await aFolderThatTellsNothing()
      }
      try await Sandbox.run { sandbox in
        let workspace = sandbox.workspace
        try await TestServer.run(.embedded, in: workspace) { server in
          try await server.bucket.client.createBucket(Self.other)
          let mount = try await S3FS(of: Self.other, in: sandbox, on: server)
          let behind = try Bucket(Self.other, url: server.url)
          let file = ["mtime": "1577934245", "mode": "33188", "uid": "0", "gid": "0"]
          do {
            try await behind.put("before", "before\n".utf8, metadata: file)
            let a = try sandbox.node(
              "a", root: mount.path, server: server, options: ["--only-up", "--state-dir", workspace.folder("state")])
            try await a.started()
            try await a.status("it walks") { $0.watch.contains("network file system") }
            try await behind.put("behind its back", "changed\n".utf8, metadata: file)
            try await behind.delete("before")
            try await eventually("both changes arrive") {
              let names = try await server.bucket.objects("tree/").keys.map(\.text)
              return names == ["tree/behind its back"] ? nil : "\(names)"
            }
            #expect(try await a.stopped() == .exited(0))
            try await mount.unmount()
          } catch {
            try await behind.close()
            throw error
          }
          try await behind.close()
        }
      }
    }

    /// Changes that raise no event are found by walking, as often as --poll says; the status tells why.
    @Test(.limit(minutes: 15)) func aFolderThatTellsNothing() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let a = try Node("a", in: workspace, server: server, options: ["--watch", "poll"])
          try write(a.path("deep/er/file"), "first\n")
          try await a.started()
          try await a.status("it walks") { $0.watch == "--watch is “poll”" }
          try write(a.path("deep/er/file"), "second\n")
          try write(a.path("deep/new/file"), "new\n")
          try remove(a.path("deep/er/file"))
          try await eventually("what changed is in the bucket", within: .seconds(30)) {
            let names = try await server.bucket.objects("tree/").keys.map(\.text).filter { !$0.hasSuffix("/") }
            return names == ["tree/deep/new/file"] ? nil : "\(names)"
          }
        }
      }
    }
  }
}
