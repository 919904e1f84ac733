import Foundation
import Martlet
import Testing

extension SystemTests {
  /// Few descriptors, many files.
  @Suite struct Limits {
    /// 64 descriptors and no more to be had are too few, and it says so.
    @Test(.limit(minutes: 15))
    func tooFewDescriptors() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try Node(
            "a", in: workspace, server: server,
            program: ["/bin/sh", "-ec", "ulimit -n 64; exec \"$@\"", "sh", try Programs.martlet()])
          let run = try await node.once(expecting: .exited(2))
          #expect(run.log.contains("only 64 file descriptors") && run.log.contains("ulimit -n"), "\(run.log)")
        }
      }
    }

    /// A soft limit of 64 is raised; a hard one that is just enough has to do.
    @Test(
      .limit(minutes: 15), arguments: ["-S -n 64", "-n \(896 + 4 * ProcessInfo.processInfo.activeProcessorCount)"])
    func descriptors(_ limit: String) async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let program = ["/bin/sh", "-ec", "ulimit \(limit); exec \"$@\"", "sh", try Programs.martlet()]
          func node(_ name: String) throws -> Node {
            try Node(name, in: workspace, server: server, program: program)
          }
          let (a, b) = (try node("a"), try node("b"))
          for number in 0..<600 { try write(a.path("d\(number % 30)/e/file \(number)"), "small \(number)\n") }
          var deep = ""
          for level in 0..<40 { deep += "level \(level)/" }
          try write(a.path(deep + "deep"), "deep\n")
          for number in 0..<4 { try write(a.path("large \(number)"), noise(20 << 20, seed: UInt64(number))) }
          try await a.started()
          try await b.started()
          try await equal(a, b)
          try await a.settled()
          try await b.settled()
          for number in 0..<200 { try write(b.path("d\(number % 30)/e/file \(number)"), "edited \(number)\n") }
          try await equal(a, b)
          #expect(try a.status()?.quarantined == [])
          #expect(try await a.stopped() == .exited(0))
          #expect(try await b.stopped() == .exited(0))
        }
      }
    }

    /// A folder with `MARTLET_RENAME_FILES` is renamed: copies inside S3, nothing is sent again.
    @Test(.limit(minutes: 60))
    func renameOfALargeFolder() async throws {
      let files = ProcessTests.scale("MARTLET_RENAME_FILES", default: 600)
      let patience = Duration.seconds(120 + files / 50)
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let options = files > 10_000 ? ["--poll", "10"] : []
          let (a, b) = (
            try Node("a", in: workspace, server: server, options: options),
            try Node("b", in: workspace, server: server, options: options)
          )
          for number in 0..<files {
            try write(a.path("many/\(number % 100)/\(number % 7)/file \(number)"), "small file \(number)\n")
          }
          try await a.started(within: patience)
          try await b.started(within: patience)
          try await equal(a, b, within: patience)
          try await a.settled(within: patience)
          try await b.settled(within: patience)
          let before = server.requests().count
          let began = ContinuousClock.now
          try move(a.path("many"), a.path("moved"))
          try write(a.path("moved/0/0/file 0"), "edited after the rename\n")
          try await equal(a, b, within: patience)
          try await a.settled(within: patience)
          let took = ContinuousClock.now - began
          let sent = Dictionary(grouping: server.requests().dropFirst(before), by: \.self).mapValues(\.count)
          let peaks = [a, b].map { "\($0.name) \(($0.process?.peakMemory ?? 0) >> 10) MiB" }
          print("renamed a folder of \(files) files in \(took); requests \(sent); peak memory \(peaks)")
          #expect(b.snapshot().fileCount == files)
          #expect(!exists(b.path("many")))
          #expect(sent["CopyObject"] == files - 1 || sent["CopyObject"] == files)
          #expect(sent["PutObject"] == 1, "\(sent)")
          #expect(try await server.bucket.objects("tree/many/").isEmpty)
          #expect(try a.status()?.deletionsHalted == nil)
          #expect(try b.status()?.deletionsHalted == nil)
        }
      }
    }
  }
}

extension Child {
  /// Kibibytes; nil where it has ended.
  var peakMemory: Int? {
    text("/proc/\(pid)/status")?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      .flatMap { $0.split(separator: " ").compactMap { Int($0) }.first }
  }
}
