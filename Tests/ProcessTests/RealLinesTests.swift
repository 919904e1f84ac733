import AWSKit
import Foundation
import Testing

extension ProcessTests {
  /// Must hold 2 of the drop-ins: lines of users run unchanged, and do what they are there for.
  @Suite struct RealLines {
    @Test(.limit(minutes: 3)) func runUnchanged() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          for bucket in ["site", "backup", "web", "vault"] { try await server.bucket.client.createBucket(bucket) }
          let distribution = try await Distribution.create(on: server, in: workspace)
          let path = try programs(in: workspace) + ":/usr/bin:/bin"
          // Side by side, since both wait now and then: for what is gone to stay away.
          let runs = try ["aws-s3-sync", "s3-sync2"].map { name in
            let script = try #require(
              Bundle.module.url(forResource: name, withExtension: "sh", subdirectory: "Lines"))
            let environment = [
              "PATH": path, "HOME": try workspace.folder(name), "AWS_ENDPOINT_URL": server.url,
              "TEST_HOST": "127.0.0.1", "TEST_PORT": "\(server.port)", "DISTRIBUTION": distribution.id,
            ].merging(TestServer.awsVariables) { $1 }
            return try workspace.start(
              [try Programs.system("bash"), script.path], name: "lines-of-\(name)", environment: environment,
              separateOutput: true)
          }
          var count = 0
          for run in runs {
            let end = try await run.ended(within: .seconds(150))
            #expect(end == .exited(0), "\(run.output)\n\(run.log)")
            count += run.output.split(separator: "\n").last?.split(separator: " ").first.flatMap { Int($0) } ?? 0
          }
          #expect(count >= 30)
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
