/// A command line in the grammar of the AWS CLI and of s3-sync2, said in that of the argument parser: full names,
/// every value behind `=`, one value to a name, the two places at the end.
///
/// Rules and choices are those of the reference of `aws s3 sync`; where the AWS CLI ends with an error, what is wrong
/// is collected here.
struct ArgumentTranslation: Hashable, Sendable {
  private(set) var arguments: [String] = []
  /// One line for each option that is accepted and has no effect.
  private(set) var notes: [String] = []
  /// Everything that is wrong.
  private(set) var problems: [String] = []

  init() {}

  init(_ words: [String], grammar: Grammar, files: ParameterFile) {
    var run = Run(words: words[...], grammar: grammar, files: files)
    run.translate()
    self = run.result
    if !run.places.isEmpty { arguments += ["--"] + run.places }
  }

  private struct Run {
    var words: ArraySlice<String>
    let grammar: Grammar
    let files: ParameterFile
    var result = ArgumentTranslation()
    var places: [String] = []

    mutating func translate() {
      while let word = words.popFirst() {
        if word == "--" {
          while let place = words.popFirst() { take(place: place) }
        } else if word == "-h" || word == "--help" || word == "--version" {
          // Nothing else is of interest then.
          result = ArgumentTranslation()
          result.arguments = [word == "-h" ? "--help" : word]
          places = []
          return
        } else if word.hasPrefix("--") {
          takeLong(word)
        } else if word.hasPrefix("-"), word != "-" {
          takeShort(word)
        } else {
          take(place: word)
        }
      }
    }

    private mutating func take(place: String) {
      if place == "-" {
        result.problems.append("-: a single stream cannot be synced: name a folder")
      } else {
        places.append(place)
      }
    }

    private mutating func takeShort(_ word: String) {
      if let short = word.dropFirst().first, word.count == 2, let row = grammar.option(short: short) {
        return take(row, shown: word, inline: nil, direction: nil)
      }
      result.problems.append("\(word): is no option of \(grammar.command): see \(grammar.command) --help")
    }

    private mutating func takeLong(_ word: String) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      let inline = parts.count == 2 ? String(parts[1]) : nil
      for (prefix, direction) in Self.directionPrefixes where grammar.hasDirectionPrefixes && name.hasPrefix(prefix) {
        return take(
          Grammar.syncOption("--" + name.dropFirst(prefix.count)), of: "aws s3 sync", shown: name, inline: inline,
          direction: direction)
      }
      take(grammar.option(name), of: grammar.command, shown: name, inline: inline, direction: nil)
    }

    /// The longer ones first.
    private static let directionPrefixes: [(String, OptionRow.Scope?)] = [
      ("--sync-opt-up-", .uploads), ("--sync-opt-down-", .downloads), ("--sync-opt-", nil),
    ]

    private mutating func take(
      _ match: Grammar.Match, of command: String, shown name: String, inline: String?, direction: OptionRow.Scope?
    ) {
      switch match {
      case .row(let row): take(row, shown: name, inline: inline, direction: direction)
      case .ambiguous(let names):
        result.problems.append("\(name): could be \(names.joined(separator: ", ")): write more of it")
        skipValue()
      case .none:
        result.problems.append("\(name): is no option of \(command): see \(grammar.command) --help")
        skipValue()
      }
    }

    /// What follows an unknown option is its value rather than a third place.
    private mutating func skipValue() {
      guard let word = words.first, !Self.isOption(word),
        places.count + words.count(where: isPlace) > grammar.placeCount
      else { return }
      words.removeFirst()
    }

    private func isPlace(_ word: String) -> Bool { !Self.isOption(word) }

    private mutating func take(_ row: OptionRow, shown: String, inline: String?, direction: OptionRow.Scope?) {
      guard let values = values(of: row, shown: shown, inline: inline) else { return }
      let isLimited = row.scope == .either && direction != nil
      switch row.treatment {
      case .accepted(let reason): note(shown, reason)
      case .implemented:
        if let direction, row.scope == .uploads || row.scope == .downloads, row.scope != direction {
          return note(shown, "speaks about the other direction; it has no effect")
        }
        if direction != nil, row.scope == .run { note(shown, "holds for the whole run, in both directions") }
        emit(row, values, under: isLimited ? shown : row.name)
      }
    }

    private mutating func note(_ name: String, _ reason: String) {
      let line = "\(name): \(reason)"
      if !result.notes.contains(line) { result.notes.append(line) }
    }

    private mutating func emit(_ row: OptionRow, _ values: [String], under name: String) {
      // The full name also where it was abbreviated behind the direction.
      var name = name
      if name != row.name, let prefix = Self.directionPrefixes.first(where: { name.hasPrefix($0.0) }) {
        name = prefix.0 + row.name.dropFirst(2)
      }
      if row.values == .none { result.arguments.append(name) }
      // In the AWS CLI an empty value counts as not given.
      for value in values where !value.isEmpty || !grammar.isOfAWS(row) {
        do {
          let text = row.takesFiles ? try files.text(value) : value
          // The parser takes nothing behind `=` for a mistake.
          result.arguments += text.isEmpty ? [name, ""] : ["\(name)=\(text)"]
        } catch {
          result.problems.append("\(name) \(value): \(error.hint)")
        }
      }
    }

    /// Nil where they are wrong.
    private mutating func values(of row: OptionRow, shown: String, inline: String?) -> [String]? {
      var values: [String] = []
      switch row.values {
      case .none:
        guard inline == nil else {
          result.problems.append("\(shown)=\(inline!): takes no value: write \(shown) alone")
          return nil
        }
      case .one:
        guard let value = inline ?? nextValue() else {
          result.problems.append("\(shown): its value is missing; one that begins with - is given as \(shown)=-…")
          return nil
        }
        values = [value]
      case .optional(let bare): values = [inline ?? nextValue() ?? bare]
      case .optionalChoice(let bare):
        values = [inline ?? nextChoice(row.choices) ?? bare]
        values[0] = values[0].uppercased()
      case .oneOrMore:
        if let inline { values = [inline] }
        while inline == nil, let value = nextValue() { values.append(value) }
        guard !values.isEmpty else {
          result.problems.append("\(shown): its values are missing")
          return nil
        }
      }
      return check(values, row, shown) ? values : nil
    }

    private mutating func check(_ values: [String], _ row: OptionRow, _ shown: String) -> Bool {
      for value in values where !value.isEmpty && !ParameterFile.isOne(value) {
        if !row.choices.isEmpty, !row.choices.contains(value) {
          var hint = "give one of \(row.choices.joined(separator: ", "))"
          if case .optional(let bare) = row.values { hint += "; alone it means \(bare) and stands behind the places" }
          result.problems.append("\(shown) \(value): \(hint)")
          return false
        }
        if row.isInteger, Int(value) == nil {
          result.problems.append("\(shown) \(value): give a whole number")
          return false
        }
      }
      return true
    }

    private mutating func nextValue() -> String? {
      guard let word = words.first, !Self.isOption(word) else { return nil }
      return words.removeFirst()
    }

    private mutating func nextChoice(_ choices: [String]) -> String? {
      guard let word = words.first, choices.contains(word.uppercased()) else { return nil }
      return words.removeFirst()
    }

    /// As Python's argparse sees it: a dash alone, a negative number and a name with a blank are values.
    private static func isOption(_ word: String) -> Bool {
      word.hasPrefix("-") && word != "-" && Double(word) == nil && !word.prefix { $0 != "=" }.contains(" ")
    }
  }
}
