import ArgumentParser
import FoundationEssentials
import Logging
import Martlet

struct NodesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes",
    abstract: "List the nodes of a prefix, and how far each of them was when it was last seen.",
    usage: "martlet nodes <local> [--json] [--state-dir <folder>]\n"
      + "martlet nodes <s3://bucket/prefix> [--json] [options of the server]",
    discussion: """
      Nodes with --dfs or --event-queue tell of themselves every few minutes, below PREFIX/.martlet/nodes/. Asked with \
      a folder, the martlet that syncs it looks there.
      """)

  @Argument(help: "The local folder of a running martlet, or s3://BUCKET/PREFIX.")
  var place: String

  @Flag(help: "Print one JSON object per node.")
  var json = false

  @Option(help: ArgumentHelp("The --state-dir of the running instance.", valueName: "folder"))
  var stateDir: String?

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    for (title, nodes) in try await found() {
      if json {
        for node in nodes { Console.standardOutput.write(String(decoding: node.json(), as: UTF8.self)) }
      } else {
        Console.standardOutput.write(NodeTable.text(nodes, of: title))
      }
    }
  }

  /// By prefix.
  private func found() async throws -> [(String, [StatusReport.Node])] {
    let console = Console.standardError
    var reader = SettingReader(environment: ProcessInfo.processInfo.environment)
    guard place.hasPrefix("s3://") else {
      let instances = RunningInstances(root: place, stateDirectory: reader.text("--state-dir", stateDir))
      return try instances.answers(to: ControlRequest(.nodes), console).map { ($0.location, $0.nodes ?? []) }
    }
    var configuration = Configuration(root: ".", location: place)
    SyncInvocation.readServer(server, &reader, &configuration)
    let problems = reader.problems + (reader.problems.isEmpty ? configuration.problems : [])
    guard problems.isEmpty else {
      for problem in problems { console.write("martlet nodes: \(problem)") }
      throw ExitStatus.usage
    }
    do {
      let logger = LogFormat.text.logger(level: .warning, console: console)
      return [(configuration.location, try await NodeQuery.nodes(configuration, logger: logger))]
    } catch {
      console.write("martlet nodes: \(error)")
      throw ExitStatus.of(error)
    }
  }
}
