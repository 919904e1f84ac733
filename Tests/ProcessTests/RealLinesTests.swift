import AWSKit
import Foundation
import Testing

extension ProcessTests {
  /// Must hold 2 of the drop-ins: lines of users run unchanged, and do what they are there for.
  @Suite struct RealLines {
    @Test(.limit(minutes: 3)) func runUnchanged() async throws {
      let script = try #require(
        Bundle.module.url(forResource: "real-lines", withExtension: "sh", subdirectory: "Lines"))
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          for bucket in ["site", "backup"] { try await server.bucket.client.createBucket(bucket) }
          let distribution = try await Distribution.create(on: server, in: workspace)
          let environment = [
            "PATH": try programs(in: workspace) + ":/usr/bin:/bin", "HOME": try workspace.folder("home"),
            "AWS_ENDPOINT_URL": server.url, "TEST_HOST": "127.0.0.1", "TEST_PORT": "\(server.port)",
            "DISTRIBUTION": distribution.id,
          ].merging(TestServer.awsVariables) { $1 }
          let run = try workspace.start(
            [try Programs.system("bash"), script.path], name: "real-lines", environment: environment,
            separateOutput: true)
          let end = try await run.ended(within: .seconds(150))
          #expect(end == .exited(0), "\(run.output)\n\(run.log)")
          let count = run.output.split(separator: "\n").last?.split(separator: " ").first.flatMap { Int($0) }
          #expect(count ?? 0 >= 30)
          #expect(try await distribution.invalidations().map(\.paths) == [["/*"], ["/images/*", "/index.html"]])
        }
      }
    }

    /// A folder in which `aws` is nothing but another name for `martlet`.
    private func programs(in workspace: Workspace) throws -> String {
      let folder = try workspace.folder("bin")
      for name in ["martlet", "s3-sync2"] { try link("\(folder)/\(name)", to: try Programs.martlet()) }
      try write("\(folder)/aws", "#!/bin/sh\nexec martlet \"$@\"\n")
      chmod("\(folder)/aws", 0o755)
      return folder
    }
  }
}
