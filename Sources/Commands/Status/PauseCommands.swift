import ArgumentParser
import Martlet

struct PauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Let a running martlet transfer and change nothing until “martlet resume”.",
    usage: "martlet pause [<local>] [--state-dir <folder>]",
    discussion: """
      What is under way may still end; the folder is watched on. “martlet status” says “paused”. A martlet that is \
      started anew is not paused.
      """)

  @OptionGroup var target: RunningTarget

  func run() async throws { try target.ask(ControlRequest(.pause)) }
}

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "End a “martlet pause”: both sides are looked at.",
    usage: "martlet resume [<local>] [--state-dir <folder>]")

  @OptionGroup var target: RunningTarget

  func run() async throws { try target.ask(ControlRequest(.resume)) }
}

struct FlushCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flush",
    abstract: "Wait until a file or folder, as it is now, is in the bucket.",
    usage: "martlet flush [<local> [<path> ...]] [--state-dir <folder>]",
    discussion: """
      Paths are relative to the folder, or absolute; without any the whole folder is meant. A server that is away, a \
      file that is open for writing, and a pause are waited for. Exit code 1: something did not get there.
      """)

  @OptionGroup var target: RunningTarget

  @Argument(help: ArgumentHelp("Files or folders below it.", valueName: "path"))
  var paths: [String] = []

  func run() async throws {
    for path in paths.isEmpty ? [""] : paths {
      try target.ask(ControlRequest(.flush, ["path": path]), isTold: path == paths.last ?? "")
    }
  }
}

struct ReconcileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile",
    abstract: "Look at everything on both sides now, and wait until what differs is dealt with.",
    usage: "martlet reconcile [<local>] [--state-dir <folder>]")

  @OptionGroup var target: RunningTarget

  func run() async throws { try target.ask(ControlRequest(.reconcile)) }
}
