import Foundation
import Martlet
import NIOConcurrencyHelpers
import Testing

extension ProcessTests {
  /// mobius3 0.0.44 and Martlet under its name, in one bucket.
  @Suite struct Mobius3 {
    /// Long ago: the program leaves what was changed lately as it is.
    private static let longAgo = Date(timeIntervalSince1970: 1_600_000_000.25)

    @Test(.limit(minutes: 3)) func sharesABucketWithTheProgram() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          let pair = try Pair(workspace, server)
          try write(pair.own + "/before", "was here first")
          try setTime(pair.own + "/before")
          try await Task.sleep(for: .seconds(3))
          try await pair.start()

          // What is made on either side arrives on the other, with modes, times, links and folders.
          for (root, name) in [(pair.theirs, "theirs"), (pair.own, "own")] {
            try make(root, name)
            try await pair.equal("what was made on \(name)")
          }
          #expect(text(pair.own + "/theirs/deep/file") == "content of theirs")
          #expect(mode(pair.own + "/theirs/script") == 0o750 && mode(pair.theirs + "/own/script") == 0o750)
          #expect(time(pair.theirs + "/own/script") == Self.longAgo)

          // Contents, modes and times that change.
          for (root, name) in [(pair.theirs, "own"), (pair.own, "theirs")] {
            try write(root + "/\(name)/script", "changed elsewhere")
            chmod(root + "/\(name)/script", 0o640)
            try setTime(root + "/\(name)/script", Self.longAgo + 60)
            try await pair.equal("what was changed in \(name)")
          }
          // Files and folders that get another name, or go.
          for (root, name) in [(pair.theirs, "theirs"), (pair.own, "own")] {
            try move(root + "/\(name)/deep", root + "/\(name)/deeper")
            try move(root + "/\(name)/link", root + "/\(name)/moved")
            try await pair.equal("what was moved on \(name)")
            try remove(root + "/\(name)/script")
            rmdir(root + "/\(name)/empty")
            try await pair.equal("what was deleted on \(name)")
          }
          removeTree(pair.own + "/theirs")
          try await pair.equal("a folder that was deleted")
          let keys = try await server.bucket.objects("some-text").keys.map(\.text)
          #expect(
            Set(keys.filter { !$0.contains(".martlet") }.map { String($0.dropFirst("some-text".count)) }) == [
              "own/", "own/deeper/", "own/deeper/file", "own/moved", "own/plain",
            ])
          #expect(text(pair.own + "/before") == "was here first")
          #expect(try await metrics(server, in: workspace) == ["Own StartupSyncTime"])
          try await pair.stop()
        }
      }
    }

    @Test(.limit(minutes: 1)) func endsAsTheProgramDoes() async throws {
      try await Workspace.run { workspace in
        func end(_ words: [String]) async throws -> (Child.End, String) {
          let run = try await ProcessTests.finished(try Pair.program(workspace) + words, in: workspace)
          return (run.end, run.output)
        }
        let theirs = [try Programs.python("mobius3")]
        for words in [[], ["/d", "b"], ["/d", "b", "https://h/{}/", "r", "--no-such"]] {
          let run = try await ProcessTests.finished(theirs + words, in: workspace)
          let own = try await end(words)
          #expect(run.end == .exited(2) && own.0 == .exited(2), "\(words): \(own.1)")
        }
        let gone = try await end([workspace.path + "/gone", "b", "http://127.0.0.1:1/{}/", "r", "--once"])
        #expect(gone.0 == .exited(1) && gone.1.contains("/gone"), "\(gone.1)")
        #expect(try await end(["--version"]).0 == .exited(0))
      }
    }

    private func make(_ root: String, _ name: String) throws {
      let folder = root + "/" + name
      try write(folder + "/deep/file", "content of \(name)")
      try write(folder + "/plain", "plain \(name)")
      try write(folder + "/script", "a script of \(name)")
      chmod(folder + "/script", 0o750)
      for file in ["deep/file", "plain", "script"] { try setTime(folder + "/" + file) }
      try makeFolder(folder + "/empty")
      try link(folder + "/link", to: "deep/file")
    }

    private func setTime(_ path: String, _ time: Date = longAgo) throws {
      try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
    }

    private func time(_ path: String) -> Date? {
      (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }

    private func mode(_ path: String) -> mode_t {
      var status = stat()
      return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    /// The metrics that CloudWatch has, by namespace and name.
    private func metrics(_ server: TestServer, in workspace: Workspace) async throws -> [String] {
      let script = """
        found = client("cloudwatch").list_metrics(Namespace="Own")["Metrics"]
        print("\\n".join(sorted(metric["Namespace"] + " " + metric["MetricName"] for metric in found)))
        """
      return try await Boto.run(script, on: server, in: workspace).split(separator: "\n").map(String.init)
    }
  }
}

/// The program and Martlet, each with a folder.
private struct Pair {
  let workspace: Workspace
  let server: TestServer
  let theirs: String
  let own: String
  private let children = NIOLockedValueBox<[Child]>([])

  init(_ workspace: Workspace, _ server: TestServer) throws {
    self.workspace = workspace
    self.server = server
    theirs = try workspace.folder("theirs")
    own = try workspace.folder("own")
  }

  /// Martlet by the program's name.
  static func program(_ workspace: Workspace) throws -> [String] {
    let path = workspace.path + "/mobius3"
    if !exists(path) { try link(path, to: try Programs.martlet()) }
    return [path]
  }

  /// The program as its command line starts it, but for two settings of its library that make it wait.
  private static let program = """
    import mobius3
    syncer = mobius3.Syncer
    mobius3.Syncer = lambda **given: syncer(**given, download_interval=1, local_modification_persistance=0)
    mobius3.main()
    """

  func start() async throws {
    func words(_ root: String) -> [String] {
      [
        root, TestServer.bucketName, "\(server.url)/{}/", "us-east-1", "--prefix", "some-text", "--log-level", "DEBUG",
      ]
    }
    // moto has no answer for the form in which the program sends its metric; and it takes the source of credentials
    // that it is told for the other one.
    let more = [
      "--cloudwatch-monitoring-endpoint", "\(server.url)/", "--cloudwatch-monitoring-region", "us-east-1",
      "--cloudwatch-monitoring-namespace", "Own", "--credentials-source", "environment-variables",
      "--download-interval", "1", "--ready-file", workspace.shared + "/ready",
    ]
    let environment = ["PATH": "/usr/bin:/bin", "HOME": workspace.path].merging(TestServer.awsVariables) { $1 }
    let program = try workspace.start(
      [try Programs.python("python3"), "-c", Self.program] + words(theirs), name: "mobius3",
      environment: environment)
    let martlet = try workspace.start(
      try Self.program(workspace) + words(own) + more,
      name: "own", environment: environment)
    children.withLockedValue { $0 = [program, martlet] }
    _ = try await program.line(containing: "Finished starting")
    try await eventually("Martlet is ready") {
      if let end = martlet.poll() { throw Child.Failure(description: "it ended with \(end)") }
      return exists(workspace.shared + "/ready") ? nil : "it is not"
    }
  }

  /// Waits until both have the same tree.
  func equal(_ what: String) async throws {
    try await eventually(what, within: .seconds(60), every: .milliseconds(200)) {
      let trees = [theirs, own].map { TreeSnapshot($0).without([".mobius3", "before"]) }
      return trees[0].difference(from: trees[1], names: ("mobius3", "Martlet"))
    }
  }

  /// The program does not always find its end.
  func stop() async throws {
    let martlet = children.withLockedValue { $0[1] }
    martlet.send(SIGTERM)
    let end = try await martlet.ended()
    #expect(end == .exited(0), "\(martlet.log.suffix(1000))")
  }
}
