import AWSKit
import ArgumentParser
import SyncModel
import Testing

@testable import Commands
@testable import Martlet

@Suite struct BandwidthTests {
  private func limits(
    _ arguments: [String], _ environment: [String: String] = [:]
  ) throws -> [Configuration.Bandwidth?] {
    let configuration = try invocation(["/tmp/a", "s3://b"] + arguments, environment).configuration
    return [configuration.maxBandwidthUp, configuration.maxBandwidthDown]
  }

  @Test func optionsAndVariables() throws {
    let up = Configuration.Bandwidth.bytesPerSecond(1 << 20)
    let other = Configuration.Bandwidth.bytesPerSecond(2048)
    #expect(try limits([]) == [nil, nil])
    #expect(try limits(["--max-bandwidth", "1MB/s"]) == [up, up])
    #expect(try limits(["--max-bandwidth", "1MB/s", "--max-bandwidth-down", "2KB/s"]) == [up, other])
    #expect(try limits(["--max-bandwidth-up", "8Mb/s"], ["MARTLET_MAX_BANDWIDTH": "none"]) == [up, .unlimited])
    let variables = ["MARTLET_MAX_BANDWIDTH_UP": "1048576", "MARTLET_MAX_BANDWIDTH_DOWN": "0"]
    #expect(try limits([], variables) == [up, .unlimited])
    #expect(
      try problems(["/tmp/a", "s3://b", "--max-bandwidth-down", "fast"], ["MARTLET_MAX_BANDWIDTH": "12"]) == [
        "MARTLET_MAX_BANDWIDTH=12: \(Configuration.Bandwidth.hint)",
        "--max-bandwidth-down fast: \(Configuration.Bandwidth.hint)",
      ])
  }

  @Test func aConfigurationIsCheckedAsWell() {
    var configuration = Configuration(root: "/tmp/a", location: "s3://b")
    configuration.maxBandwidthUp = .bytesPerSecond(1000)
    configuration.maxBandwidthDown = .bytesPerSecond(1024)
    #expect(configuration.problems == ["--max-bandwidth-up 1000: \(Configuration.Bandwidth.hint)"])
  }

  @Test func optionsComeBeforeTheProfile() throws {
    let folder = try ScratchFolder()
    try #require(FileCalls.writeText("[default]\ns3 =\n  max_bandwidth = 800KB/s\n", to: folder.path + "/config"))
    let environment = ["AWS_CONFIG_FILE": folder.path + "/config", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"]
    var configuration = Configuration(root: "/tmp/a", location: "s3://b")
    func bandwidth() throws -> [Configuration.Bandwidth] {
      let connection = try Connection(
        configuration, location: S3Location(parsing: "s3://b"), environment: environment)
      return [connection.bandwidth.up, connection.bandwidth.down]
    }
    #expect(try bandwidth() == [.bytesPerSecond(819_200), .bytesPerSecond(819_200)])
    configuration.maxBandwidthUp = .unlimited
    #expect(try bandwidth() == [.unlimited, .bytesPerSecond(819_200)])
    try #require(FileCalls.writeText("[default]\ns3 =\n  max_bandwidth = 1MB\n", to: folder.path + "/config"))
    #expect(try bandwidth() == [.unlimited, .bytesPerSecond(1 << 20)])
    try #require(FileCalls.writeText("[default]\ns3 =\n  max_bandwidth = much\n", to: folder.path + "/config"))
    let error = #expect(throws: MartletError.self) { try bandwidth() }
    #expect(error?.code == .configuration && error?.message.hasPrefix("max_bandwidth = much ") == true)
  }

  /// The first values are those of the start; a root that comes back does not undo what was changed since.
  @Test func changesOutliveTheFolder() {
    let bandwidth = RunBandwidth()
    bandwidth.begin(up: .bytesPerSecond(2048), down: .unlimited)
    #expect(bandwidth.limits.up.bytesPerSecond == 2048 && bandwidth.limits.down.bytesPerSecond == nil)
    bandwidth.change(up: nil, down: .bytesPerSecond(4096))
    bandwidth.begin(up: .unlimited, down: .unlimited)
    #expect(bandwidth.limits.up.bytesPerSecond == 2048 && bandwidth.limits.down.bytesPerSecond == 4096)
  }

  @Test(
    arguments: [
      ([], [:]), (["1MB/s"], ["up": "1MB/s", "down": "1MB/s"]), (["--up", "none"], ["up": "none"]),
      (["1MB/s", "--down", "2M"], ["up": "1MB/s", "down": "2M"]),
      (["--up", "1k", "--down", "0"], ["up": "1k", "down": "0"]),
    ] as [([String], [String: String])])
  func limitChanges(arguments: [String], changes: [String: String]) throws {
    #expect(try LimitCommand.parse(["/tmp/a"] + arguments).changes() == changes)
  }

  @Test func limitNamesWhatIsWrong() throws {
    let command = try LimitCommand.parse(["/tmp/a", "fast", "--up", "7", "--down", "10Mb"])
    let hint = Configuration.Bandwidth.hint
    let error = #expect(throws: UsageError.self) { try command.changes() }
    #expect(error?.problems == ["fast: \(hint)", "--up 7: \(hint)", "--down 10Mb: \(hint)"])
  }
}
