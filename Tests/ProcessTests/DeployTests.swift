import Foundation
import Testing

/// The examples of `deploy/`, and how a health check asks.
@Suite struct DeployTests {
  /// ECS, Kubernetes, Compose, systemd and the Dockerfile, each by what reads it.
  @Test(.limit(minutes: 2)) func theExamplesAreValid() async throws {
    try await Workspace.run { workspace in
      let (end, output) = try await ProcessTests.finished(
        [try Programs.python("python"), Programs.repository + "/scripts/deploy-check.py"], in: workspace,
        environment: ["PYTHONDONTWRITEBYTECODE": "1"])
      #expect(end == .exited(0), "\(output)")
      #expect(output.split(separator: "\n").count { $0.contains(": good") } == 5, "\(output)")
    }
  }

  @Test(
    .limit(minutes: 1), arguments: ["status", "pause", "flush"],
    [(nil, 64, "MARTLET_LOCAL_PATH"), ("/", 1, "no martlet is running for /")])
  func theFolderOfTheContainer(command: String, _ expected: (variable: String?, status: Int32, says: String))
    async throws
  {
    let (variable, status, says) = expected
    try await Workspace.run { workspace in
      let (end, output) = try await ProcessTests.finished(
        [try Programs.martlet(), command], in: workspace, environment: ["MARTLET_LOCAL_PATH": variable ?? ""])
      #expect(end == .exited(status) && output.contains(says), "\(output)")
    }
  }
}
