import ArgumentParser
import FoundationEssentials
import Martlet

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Tell how far a running martlet is; exits 1 when it is not ready, stuck or not running.")

  @Argument(help: "The local folder; else MARTLET_LOCAL_PATH.")
  var local: String?

  @Flag(help: "Print one JSON object per running instance.")
  var json = false

  @Option(help: "The --state-dir of the running instance.")
  var stateDir: String?

  func run() async throws {
    let console = Console.standardError
    var reader = SettingReader(environment: ProcessInfo.processInfo.environment)
    guard let root = local ?? reader.variable("--local-path") else {
      console.write("martlet: give the local folder, or set MARTLET_LOCAL_PATH")
      throw ExitStatus.usage
    }
    let instances = RunningInstances(root: root, stateDirectory: reader.text("--state-dir", stateDir))
    let reports = try instances.answers(to: ControlRequest(.status), console)
    for report in reports {
      Console.standardOutput.write(
        json ? String(decoding: report.json(), as: UTF8.self) : StatusText.describe(report))
    }
    if !reports.allSatisfy(\.isHealthy) { throw ExitStatus.notInSync }
  }
}
