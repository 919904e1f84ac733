/// The words of a call of `aws`.
enum AWSWords {
  /// With the options that stand before `s3` and `sync` behind them, as the AWS CLI takes its global options anywhere.
  /// Other words are returned as they are.
  static func ordered(_ words: [String]) -> [String] {
    var rest = words[...]
    var options: [String] = []
    for name in ["s3", "sync"] {
      while let count = optionLength(rest) {
        options += rest.prefix(count)
        rest = rest.dropFirst(count)
      }
      guard rest.popFirst() == name else { return words }
    }
    return ["s3", "sync"] + options + rest
  }

  /// How many words the global option has that these begin with; nil where they begin with none.
  private static func optionLength(_ words: ArraySlice<String>) -> Int? {
    guard let word = words.first, word.hasPrefix("--"), case .row(let row) = Grammar.globalOption(word) else {
      return nil
    }
    let takesNext = row.values == .one && !word.contains("=")
    return min(takesNext ? 2 : 1, words.count)
  }
}
