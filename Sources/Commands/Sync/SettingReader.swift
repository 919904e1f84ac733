import Martlet

/// Takes each setting from the command line, else from its variable, and collects everything that is wrong.
struct SettingReader {
  let environment: [String: String]
  /// Variables of the program that Martlet stands in for, by option; they come before Martlet's own.
  let seedVariables: [String: [String]]
  private(set) var problems: [String] = []

  init(environment: [String: String], seedVariables: [String: [String]] = [:]) {
    self.environment = environment
    self.seedVariables = seedVariables
  }

  /// `--first-sync` as `MARTLET_FIRST_SYNC`.
  static func variable(_ option: String) -> String {
    "MARTLET_" + option.drop { $0 == "-" }.map { $0 == "-" ? "_" : $0.uppercased() }.joined()
  }

  /// The value of the first of its variables that is set and not empty.
  func variable(_ option: String) -> String? { set(option)?.value }

  private func set(_ option: String) -> (name: String, value: String)? {
    let names = seedVariables[option, default: []] + [Self.variable(option)]
    for name in names {
      if let value = environment[name], !value.isEmpty { return (name, value) }
    }
    return nil
  }

  mutating func text(_ option: String, _ given: String?) -> String? {
    value(option, given) { text throws(SettingProblem) in text }
  }

  mutating func value<Value>(
    _ option: String, _ given: String?, _ parse: (String) throws(SettingProblem) -> Value
  ) -> Value? {
    let variable = given == nil ? set(option) : nil
    guard let text = given ?? variable?.value else { return nil }
    do {
      return try parse(text)
    } catch {
      let source = variable.map { "\($0.name)=\($0.value)" } ?? "\(option) \(text)"
      problems.append("\(source): \(error.hint)")
      return nil
    }
  }

  mutating func choice<Choice: CaseIterable & RawRepresentable<String>>(_ option: String, _ given: String?) -> Choice? {
    value(option, given) { text throws(SettingProblem) in
      guard let choice = Choice(rawValue: text) else {
        throw SettingProblem("give one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return choice
    }
  }

  mutating func flag(_ option: String, _ given: Bool?) -> Bool? {
    if let given { return given }
    return value(option, nil) { text throws(SettingProblem) in
      switch text.lowercased() {
      case "1", "true", "yes", "on": true
      case "0", "false", "no", "off": false
      default: throw SettingProblem("give true or false")
      }
    }
  }

  mutating func duration(_ option: String, _ given: String?, atLeast least: Duration = .zero) -> Duration? {
    value(option, given) { text throws(SettingProblem) in
      guard let duration = DurationText.parse(text) else {
        throw SettingProblem("give a duration such as 30, 500ms, 90s, 5m, 12h or 30d")
      }
      guard duration >= least else { throw SettingProblem("give at least \(DurationText.describe(least))") }
      return duration
    }
  }

  mutating func refuse(_ problem: String) { problems.append(problem) }
}

/// What is wrong with a setting; follows its name and value.
struct SettingProblem: Error {
  let hint: String
  init(_ hint: String) { self.hint = hint }
}
