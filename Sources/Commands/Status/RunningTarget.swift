import ArgumentParser
import FoundationEssentials
import Martlet

/// The running instances that a command is for.
struct RunningTarget: ParsableArguments {
  @Argument(help: "The local folder; else MARTLET_LOCAL_PATH.")
  var local: String?

  @Option(help: ArgumentHelp("The --state-dir of the running instance.", valueName: "folder"))
  var stateDir: String?

  /// Without a folder the console is told so.
  func instances(_ console: Console) throws -> RunningInstances {
    var reader = SettingReader(environment: ProcessInfo.processInfo.environment)
    guard let root = local ?? reader.variable("--local-path") else {
      console.write("martlet: give the local folder, or set MARTLET_LOCAL_PATH")
      throw ExitStatus.usage
    }
    return RunningInstances(root: root, stateDirectory: reader.text("--state-dir", stateDir))
  }

  /// Waits for the answer, however long it takes, and tells the state after it.
  func ask(_ request: ControlRequest, isTold: Bool = true) throws {
    let console = Console.standardError
    for report in try instances(console).answers(to: request, console, timeout: 0) where isTold {
      Console.standardOutput.write("\(report.location): \(report.state.rawValue)")
    }
  }
}
