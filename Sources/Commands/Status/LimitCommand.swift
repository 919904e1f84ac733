import ArgumentParser
import FoundationEssentials
import Martlet

struct LimitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limit",
    abstract: "Change how fast a running martlet may upload and download; without rates tell the limits.",
    usage: "martlet limit <local> [<rate>] [--up <rate>] [--down <rate>] [--state-dir <folder>]",
    discussion: """
      A rate is 800KB/s, 10MB/s, 80Mb/s (bits), bytes per second, or none (also 0). It holds at once, for transfers \
      under way as well, until the running martlet ends.
      """)

  @Argument(help: "The local folder.")
  var local: String

  @Argument(help: "For uploads together, and for downloads together.")
  var rate: String?

  @Option(help: ArgumentHelp("For uploads alone.", valueName: "rate"))
  var up: String?

  @Option(help: ArgumentHelp("For downloads alone.", valueName: "rate"))
  var down: String?

  @Option(help: ArgumentHelp("The --state-dir of the running instance.", valueName: "folder"))
  var stateDir: String?

  func run() async throws {
    let console = Console.standardError
    let arguments: [String: String]
    do {
      arguments = try changes()
    } catch {
      for problem in error.problems { console.write("martlet: \(problem)") }
      throw ExitStatus.usage
    }
    var reader = SettingReader(environment: ProcessInfo.processInfo.environment)
    let instances = RunningInstances(root: local, stateDirectory: reader.text("--state-dir", stateDir))
    for report in try instances.answers(to: ControlRequest(.limit, arguments), console) {
      guard let limits = report.limits else {
        console.write("martlet: process \(report.process) is of a version without limits; restart it with this one")
        throw ExitStatus.notInSync
      }
      Console.standardOutput.write("\(report.location): \(StatusText.describe(limits))")
    }
  }

  /// By direction. Throws `UsageError` with everything that is wrong.
  func changes() throws(UsageError) -> [String: String] {
    var problems: [String] = []
    var changes: [String: String] = [:]
    for (name, text, directions) in [("", rate, ["up", "down"]), ("--up ", up, ["up"]), ("--down ", down, ["down"])] {
      guard let text else { continue }
      if Configuration.Bandwidth(parsing: text) == nil {
        problems.append("\(name)\(text): \(Configuration.Bandwidth.hint)")
      }
      for direction in directions { changes[direction] = text }
    }
    guard problems.isEmpty else { throw UsageError(problems: problems) }
    return changes
  }
}
