import Glibc
import Logging
import SyncModel
import Testing

@testable import Martlet

@Suite struct StateTests {
  @Test func theRemoteIDTellsPlacesApartAndCanBeRead() {
    let places = [
      ("aws", "bucket", "a/"), ("aws", "bucket", ""), ("aws", "bucket2", "a/"), ("http://h", "bucket", "a/"),
      ("aws", "arn:aws:s3:eu-west-1:1:accesspoint/name", "a/"),
    ]
    let ids = places.map { StateDirectory.remoteID(endpoint: $0.0, location: S3Location(bucket: $0.1, prefix: $0.2)) }
    #expect(Set(ids).count == places.count)
    #expect(ids[0].hasPrefix("bucket-"))
    for id in ids { #expect(id.utf8.count <= 100 && !id.contains("/") && !id.contains(":")) }
  }

  @Test func aSecondProcessIsToldWhoHoldsTheState() throws {
    let folder = try ScratchFolder()
    let directory = StateDirectory(path: folder.path)
    var first: InstanceLock? = try InstanceLock(directory)
    let error = try #require(throws: MartletError.self) { try InstanceLock(directory) }
    #expect(error.code == .alreadyRunning)
    #expect(error.message.contains("process \(getpid())"))
    #expect(error.message.contains(folder.path))
    withExtendedLifetime(first) {}
    first = nil
    _ = try InstanceLock(directory)
  }

  @Test func aStateDirectoryThatCannotBeMadeIsNamed() throws {
    let error = try #require(throws: MartletError.self) { try StateDirectory(path: "/proc/none/x").create() }
    #expect(error.code == .state)
    #expect(error.message.contains("/proc/none/x"))
    #expect(error.message.contains("--state-dir"))
  }

  @Test func theReadyFileIsReplacedOnce() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/ready"
    #expect(FileCalls.writeText("from an earlier run", to: path))
    let file = ReadyFile(path: path, logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() })
    file.remove()
    #expect(FileCalls.readText(path) == nil)
    file.write()
    #expect(FileCalls.readText(path) == "ready\n")
    file.remove()
    file.write()
    #expect(FileCalls.readText(path) == nil)
  }

  @Test(arguments: [("web-1.example_x", true), ("", false), ("a b", false), ("../x", false), ("ä", false)])
  func nodeIDsArePartsOfFileNames(_ id: String, _ isValid: Bool) {
    #expect((NodeIdentity.problem(with: id) == nil) == isValid)
  }
}
