import AWSKit
import EmbeddedS3
import Foundation
import NIOConcurrencyHelpers
import Testing

/// A server that runs for one test, with an empty bucket.
struct TestServer: Sendable {
  enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case embedded
    case moto
    /// `rclone serve s3`.
    case rclone
    /// Large: only `make interop` installs it.
    case localstack

    var testDescription: String { rawValue }

    /// Of a run: `make interop` asks for LocalStack by `MARTLET_TEST_SERVER`.
    static let allCases: [Kind] = {
      let wanted = ProcessInfo.processInfo.environment["MARTLET_TEST_SERVER"]
      guard let wanted else { return [.embedded, .moto, .rclone] }
      return Kind(rawValue: wanted).map { [$0] } ?? []
    }()

    /// Servers that take the conditions of writes into account.
    static let conditional = allCases.filter { $0 != .rclone }

    /// Servers that have queues, and tell them what happens.
    static let withEvents = allCases.filter { [.moto, .localstack].contains($0) }
  }

  let kind: Kind
  let port: UInt16
  /// For nodes.
  let url: String
  let bucket: Bucket
  /// The program, which tests may end and start again.
  private let running: Running
  /// Nil where it does not.
  let embedded: EmbeddedHost?
  /// Stands before the server where a test wants to know what nodes ask of it.
  private let recorder: BadProxy?

  static let bucketName = "martlet-test"

  private final class Running: Sendable {
    let child: NIOLockedValueBox<Child?>
    init(_ child: Child?) { self.child = NIOLockedValueBox(child) }
  }

  /// Nil where it runs within the test.
  var child: Child? { running.child.withLockedValue { $0 } }

  /// Runs a server with an empty bucket while the body runs.
  ///
  /// - Parameters:
  ///   - asProcess: `martlet serve-s3` in place of the endpoint within the test, whose requests and faults tests can
  ///     get at.
  ///   - recording: for `requests` and `transfers` of other servers than the endpoint within the test.
  static func run(
    _ kind: Kind, in workspace: Workspace, asProcess: Bool = false, recording: Bool = false,
    _ body: (TestServer) async throws -> Void
  ) async throws {
    let server = try await start(kind, in: workspace, asProcess: asProcess, recording: recording)
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        if let recorder = server.recorder { group.addTask { try await recorder.run() } }
        defer { group.cancelAll() }
        try await body(server)
      }
    } catch {
      try await server.close(in: workspace)
      throw error
    }
    try await server.close(in: workspace)
  }

  private func close(in workspace: Workspace) async throws {
    // A connection that is accepted while the server ends ends this process (NIOAsyncWriter's precondition).
    if embedded != nil { await workspace.endPrograms() }
    await embedded?.stop()
    try await bucket.close()
  }

  private static func start(
    _ kind: Kind, in workspace: Workspace, asProcess: Bool, recording: Bool
  ) async throws -> TestServer {
    let port = try Ports.free()
    let url = "http://127.0.0.1:\(port)"
    let bucket = try Bucket(bucketName, url: url)
    if kind == .embedded, !asProcess {
      let host = EmbeddedHost(port: port, folder: try workspace.folder("s3-data"))
      try await host.start()
      return TestServer(
        kind: kind, port: port, url: url, bucket: bucket, running: Running(nil), embedded: host, recorder: nil)
    }
    let child = try launch(kind, port: port, in: workspace)
    try await accepting(port: port, child)
    if kind != .embedded { try await bucket.client.createBucket(bucketName) }
    let recorder = recording ? try await BadProxy(recording: Int(port)) : nil
    return TestServer(
      kind: kind, port: port, url: recorder?.url ?? url, bucket: bucket, running: Running(child), embedded: nil,
      recorder: recorder)
  }

  /// Ends `martlet serve-s3`, and starts it again on the same port and data after the body.
  func interrupted(in workspace: Workspace, _ body: () async throws -> Void) async throws {
    guard let child else { return }
    child.send(SIGKILL)
    try await child.ended()
    try await body()
    let next = try Self.launch(kind, port: port, in: workspace)
    running.child.withLockedValue { $0 = next }
    try await Self.accepting(port: port, next)
  }

  private static func launch(_ kind: Kind, port: UInt16, in workspace: Workspace) throws -> Child {
    let environment = ["PATH": "/usr/bin:/bin", "HOME": workspace.path]
    if kind == .embedded {
      return try workspace.start(
        [
          try Programs.martlet(), "serve-s3", "--port", "\(port)", "--data-dir", try workspace.folder("s3-data"),
          "--bucket", bucketName,
        ], name: "serve-s3-\(workspace.nextNumber())", environment: environment)
    }
    if kind == .moto {
      return try workspace.start(
        [try Programs.python("moto_server"), "-H", "127.0.0.1", "-p", "\(port)"], name: "moto",
        environment: environment.merging(["INITIAL_NO_AUTH_ACTION_COUNT": "999999999"]) { _, new in new })
    }
    if kind == .localstack {
      return try workspace.start(
        [try Programs.interop("python"), Programs.repository + "/scripts/run-localstack.py"], name: "localstack",
        environment: environment.merging([
          "SERVICES": "s3,kms,sqs,sns,events,sts", "GATEWAY_LISTEN": "127.0.0.1:\(port)",
          "LOCALSTACK_HOST": "127.0.0.1:\(port)",
          "DISABLE_EVENTS": "1", "USE_SSL": "0", "DNS_ADDRESS": "0",
          "LOCALSTACK_VOLUME_DIR": try workspace.folder("localstack"), "TMPDIR": try workspace.folder("localstack-tmp"),
        ]) { _, new in new })
    }
    let keys = "\(Bucket.credentials.accessKeyID),\(Bucket.credentials.secretAccessKey)"
    return try workspace.start(
      [
        try Programs.python("rclone"), "serve", "s3", try workspace.folder("rclone-data"), "--addr",
        "127.0.0.1:\(port)", "--auth-key", keys, "--config", "/dev/null", "-vv",
      ], name: "rclone", environment: environment)
  }

  /// What nodes asked of it since it started, oldest first: the call's name, or method and target.
  func requests() -> [String] {
    if let server = embedded?.server { return server.requests.entries.map(\.operation.rawValue) }
    return (recorder?.requests ?? []).map { request in
      guard request.hasPrefix("GET ") else { return request }
      if request.contains("list-type=2") { return "ListObjectsV2" }
      return request.contains("?uploads") ? "ListMultipartUploads" : request
    }
  }

  /// The same as a proxy before the server saw them.
  var proxied: [ProxiedRequest] { recorder?.recorded ?? [] }

  /// Of requests that were recorded, the beginnings of listings of everything below the prefix of a test; not those
  /// that ask only whether there is anything.
  func listings() -> Int {
    (recorder?.requests ?? []).count { request in
      guard request.contains("list-type=2") else { return false }
      if ["max-keys", "continuation-token"].contains(where: request.contains) { return false }
      return request.split { "?&".contains($0) }.contains { ["prefix=tree/", "prefix=tree%2F"].contains($0) }
    }
  }

  /// Of these, what carried contents or copied them, the scratch objects of the probe left out.
  func transfers() -> [String] {
    if let server = embedded?.server {
      let calls: [S3Operation] = [.getObject, .putObject, .uploadPart, .copyObject]
      return server.requests.entries.filter { calls.contains($0.operation) && !$0.key.contains("/.martlet/") }
        .map { "\($0.operation.rawValue) \($0.key)" }
    }
    return (recorder?.requests ?? []).filter { request in
      ["GET", "PUT"].contains { request.hasPrefix("\($0) /\(Self.bucketName)/tree/") }
        && !request.contains("/.martlet/")
    }
  }

  /// The keys of the server for programs that use it.
  static let awsVariables = [
    "AWS_ACCESS_KEY_ID": Bucket.credentials.accessKeyID,
    "AWS_SECRET_ACCESS_KEY": Bucket.credentials.secretAccessKey,
    "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
  ]

  static func accepting(port: UInt16, _ child: Child) async throws {
    try await eventually("\(child.name) listens on port \(port)", within: .seconds(60)) {
      if let end = child.poll() { throw Child.Failure(description: "\(child.name) ended with \(end): \(child.log)") }
      return Ports.connects(port) ? nil : "it refuses connections"
    }
  }
}
