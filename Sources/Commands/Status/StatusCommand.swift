import ArgumentParser
import FoundationEssentials
import Martlet

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Tell how far a running martlet is; exits 1 when it is not ready, stuck or not running.")

  @Argument(help: "The local folder.")
  var local: String

  @Flag(help: "Print one JSON object per running instance.")
  var json = false

  @Option(help: "The --state-dir of the running instance.")
  var stateDir: String?

  func run() async throws {
    let console = Console.standardError
    var reader = SettingReader(environment: ProcessInfo.processInfo.environment)
    let stateDirectory = reader.text("--state-dir", stateDir)
    let replies: [[UInt8]]
    do {
      replies = try StateDirectory.all(root: local, stateDirectory: stateDirectory).compactMap {
        try ControlClient.request($0.controlSocket)
      }
    } catch {
      console.write("martlet: \(error)")
      throw ExitStatus.notInSync
    }
    guard !replies.isEmpty else {
      console.write(
        "martlet: no martlet is running for \(local)"
          + (stateDirectory == nil ? "; was it started with --state-dir?" : ""))
      throw ExitStatus.notInSync
    }
    var isHealthy = true
    for reply in replies {
      let report = try StatusReport(json: reply)
      isHealthy = isHealthy && report.isHealthy
      Console.standardOutput.write(json ? String(decoding: reply, as: UTF8.self) : StatusText.describe(report))
    }
    if !isHealthy { throw ExitStatus.notInSync }
  }
}
