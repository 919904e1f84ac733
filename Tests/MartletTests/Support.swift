import AWSKit
import EmbeddedS3
import Glibc
import Logging
import NIOCore
import SyncEngine
import Testing

@testable import Martlet

/// A folder, a bucket on this machine, and syncers between them.
struct Place: Sendable {
  static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  static let key = "testing"

  let root: String
  let server: EmbeddedS3Server
  let client: S3Client
  var configuration: Configuration

  func syncer(
    _ configure: (inout Configuration) -> Void = { _ in }, variables: [String: String] = [:]
  ) -> Syncer {
    var configuration = configuration
    configure(&configuration)
    let keys = ["AWS_ACCESS_KEY_ID": Self.key, "AWS_SECRET_ACCESS_KEY": Self.key]
    return Syncer(
      configuration, logger: Self.quiet, observer: Unheard(), variables: keys.merging(variables) { $1 })
  }

  func write(_ name: String, _ text: String) {
    let file = open(root + "/" + name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    #expect(file >= 0 && Glibc.write(file, text, text.utf8.count) == text.utf8.count)
    close(file)
  }

  func text(_ name: String) -> String? { FileCalls.readText(root + "/" + name) }

  func put(_ key: String, _ text: String) async throws {
    _ = try await client.putObject(bucket: "b", key: key, body: .bytes(ByteBuffer(string: text)), headers: .init())
  }

  /// Nil where it is not there.
  func size(_ key: String) async throws -> Int64? {
    do {
      return try await client.headObject(bucket: "b", key: key).size
    } catch let error as S3Error where error.status == 404 {
      return nil
    }
  }

  private struct Unheard: SyncObserver {
    func record(_ event: EngineEvent) {}
  }
}

func withPlace(_ body: @Sendable (Place) async throws -> Void) async throws {
  var template = Array("/tmp/martlet-library-XXXXXX".utf8CString)
  let root = try #require(mkdtemp(&template).map { String(cString: $0) })
  var setup = EmbeddedS3Configuration(
    credentials: [EmbeddedS3Credentials(accessKeyID: Place.key, secretAccessKey: Place.key)])
  setup.buckets = ["b"]
  try await withEmbeddedS3(setup, logger: Place.quiet) { endpoint in
    let transport = try HTTPTransport()
    let credentials = CredentialCache(
      provider: StaticCredentialProvider(AWSCredentials(accessKeyID: Place.key, secretAccessKey: Place.key)),
      now: AWSTimestamp.systemNow, logger: Place.quiet)
    let client = S3Client(
      configuration: .init(endpoint: try S3Endpoint(url: endpoint.url, region: "us-east-1")),
      credentials: credentials, transport: transport, logger: Place.quiet)
    var configuration = Configuration(root: root, location: "s3://b")
    configuration.endpointURL = endpoint.url
    configuration.region = "us-east-1"
    configuration.poll = .seconds(3600)
    let place = Place(root: root, server: endpoint.server, client: client, configuration: configuration)
    let result: Result<Void, any Error>
    do { result = .success(try await body(place)) } catch { result = .failure(error) }
    try await transport.shutdown()
    try result.get()
  }
  removeTree(root)
}

private func removeTree(_ path: String) {
  if unlink(path) == 0 { return }
  if let folder = opendir(path) {
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { removeTree(path + "/" + name) }
    }
    closedir(folder)
  }
  rmdir(path)
}

/// The code of what `body` throws; nil where it throws nothing.
func code(_ body: () async throws -> Void) async -> MartletError.Code? {
  do {
    try await body()
    return nil
  } catch let error as MartletError {
    return error.code
  } catch {
    Issue.record("\(error)")
    return nil
  }
}
