import EmbeddedS3
import Foundation
import Logging
import Testing

/// Independent clients, boto3 and the AWS CLI, check the server against what AWS documents.
@Suite struct ConformanceTests {
  /// Script, data in a folder or in memory, the least number of checks it must have run.
  static let scripts: [(String, Bool, Int)] = [
    ("objects", false, 25), ("objects", true, 25), ("conditions", false, 12), ("listing", false, 14),
    ("multipart", false, 18), ("multipart", true, 18), ("versions", false, 9), ("checksums", false, 11),
    ("checksums", true, 11), ("signing", false, 13), ("cli", false, 6), ("cli", true, 6),
  ]

  @Test(arguments: scripts) func script(_ name: String, inFolder: Bool, least: Int) async throws {
    let runner = try ScriptRunner()
    try await withTemporaryFolder { folder in
      var configuration = EmbeddedS3Configuration()
      if inFolder { configuration.data = .folder("\(folder)/data") }
      try await withEmbeddedS3(configuration) { endpoint in
        let outcome = try await runner.run(name, at: endpoint)
        #expect(outcome.failures == [])
        #expect(outcome.succeeded >= least)
      }
    }
  }

  @Test func faults() async throws {
    let runner = try ScriptRunner()
    var configuration = EmbeddedS3Configuration()
    configuration.isControllable = true
    try await withEmbeddedS3(configuration) { endpoint in
      let outcome = try await runner.run("faults", at: endpoint)
      #expect(outcome.failures == [])
      #expect(outcome.succeeded >= 10)
    }
  }

  /// The first server goes without a word to its store, the second finds all that was acknowledged.
  @Test func restart() async throws {
    let runner = try ScriptRunner()
    try await withTemporaryFolder { folder in
      var configuration = EmbeddedS3Configuration()
      configuration.data = .folder("\(folder)/data")
      let environment = ["S3_STATE": "\(folder)/state.json"]
      try await withEmbeddedS3(configuration) { endpoint in
        let outcome = try await runner.run("restart", ["write"], at: endpoint, environment: environment)
        #expect(outcome.failures == [])
      }
      try await withEmbeddedS3(configuration) { endpoint in
        let outcome = try await runner.run("restart", ["verify"], at: endpoint, environment: environment)
        #expect(outcome.failures == [])
        #expect(outcome.succeeded == 3)
      }
    }
  }
}

func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("s3-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder.path)
}
