import Foundation

/// AWS's own library for Python, as an independent party.
enum Boto {
  /// Runs a script, in which `client` makes the client of a service and `argument` is what is given here.
  /// - Returns: what it prints.
  @discardableResult
  static func run(
    _ script: String, _ argument: String = "", on server: TestServer, in workspace: Workspace
  ) async throws -> String {
    let run = try await ProcessTests.finished(
      try command(script, argument, on: server), in: workspace, environment: TestServer.awsVariables)
    guard run.end == .exited(0) else { throw Child.Failure(description: run.output) }
    return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Starts a script that goes on until it is told to end.
  static func start(
    _ script: String, _ argument: String, on server: TestServer, in workspace: Workspace
  ) throws -> Child {
    try workspace.start(
      try command(script, argument, on: server), name: "boto-\(workspace.nextNumber())",
      environment: ProcessInfo.processInfo.environment.merging(TestServer.awsVariables) { $1 })
  }

  private static func command(_ script: String, _ argument: String, on server: TestServer) throws -> [String] {
    let preamble = """
      import boto3, json, sys
      argument = sys.argv[2]
      def client(service): return boto3.client(service, endpoint_url=sys.argv[1])

      """
    return [try Programs.python("python3"), "-c", preamble + script, server.url, argument]
  }
}
