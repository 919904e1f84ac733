import ArgumentParser
import Martlet

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Tell how far a running martlet is; exits 1 when it is not ready, stuck or not running.")

  @OptionGroup var target: RunningTarget

  @Flag(help: "Print one JSON object per running instance.")
  var json = false

  func run() async throws {
    let console = Console.standardError
    let reports = try target.instances(console).answers(to: ControlRequest(.status), console)
    for report in reports {
      Console.standardOutput.write(
        json ? String(decoding: report.json(), as: UTF8.self) : StatusText.describe(report))
    }
    if !reports.allSatisfy(\.isHealthy) { throw ExitStatus.notInSync }
  }
}
