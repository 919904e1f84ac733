import ArgumentParser

/// A command whose words are translated before the argument parser sees them.
protocol TranslatedCommand: AsyncParsableCommand {
  static var grammar: Grammar { get }

  /// With what the translation had to say.
  func run(_ translation: ArgumentTranslation) async throws
}

extension TranslatedCommand {
  func run() async throws { try await run(ArgumentTranslation()) }

  /// Tells everything that is wrong.
  static func refused(_ problems: [String], _ code: ExitCode, on console: Console = .standardError) -> ExitCode {
    for problem in problems { console.write("\(grammar.command): \(problem)") }
    if code == ExitStatus.usage || code == AWSExitStatus.usage { console.write("See \(grammar.command) --help") }
    return code
  }
}
