/// The config and credentials files of AWS: sections of `key = value`, one level of nested blocks.
struct INIFile: Sendable {
  /// Section heading → key → value. Keys are in lower case; those of a nested block are `block.key`.
  private(set) var sections: [String: [String: String]] = [:]

  /// - Parameter source: for the message; the content is never in it, it may be secret.
  init(parsing text: String, source: String) throws(CredentialError) {
    var section: String?
    var lastKey: String?
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let isIndented = line.first?.isWhitespace ?? false
      let content = line.trimmed
      if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
      if isIndented, let section, let key = lastKey {
        append(String(content), to: key, in: section)
        continue
      }
      if content.hasPrefix("["), content.hasSuffix("]") {
        let heading = Self.normalised(content.dropFirst().dropLast())
        section = heading
        lastKey = nil
        replaceDefault(heading)
        sections[heading, default: [:]] = sections[heading] ?? [:]
        continue
      }
      guard let section, let (key, value) = Self.pair(content) else {
        throw CredentialError("cannot read \(source): line \(index + 1) is neither a [section] nor a key = value")
      }
      sections[section, default: [:]][key] = value
      lastKey = key
    }
  }

  /// A nested `key = value` below a key without value; else a continued value.
  private mutating func append(_ content: String, to key: String, in section: String) {
    if sections[section]?[key] == "", let (nested, value) = Self.pair(Substring(content)) {
      sections[section]?["\(key).\(nested)"] = value
    } else if sections[section]?[key] != "" {
      sections[section]?[key, default: ""] += "\n\(content)"
    }
  }

  /// `[default]` and `[profile default]` are the same profile; the later replaces the earlier completely.
  private mutating func replaceDefault(_ heading: String) {
    if heading == "default" { sections["profile default"] = nil }
    if heading == "profile default" { sections["default"] = nil }
  }

  /// One blank between the words; quotes around the name removed.
  private static func normalised(_ heading: Substring) -> String {
    let words = heading.split(maxSplits: 1, whereSeparator: \.isWhitespace).map(\.trimmed)
    return words.map { word in
      let isQuoted =
        word.count >= 2 && (word.hasPrefix("\"") && word.hasSuffix("\"") || word.hasPrefix("'") && word.hasSuffix("'"))
      return String(isQuoted ? word.dropFirst().dropLast() : word)
    }
    .joined(separator: " ")
  }

  private static func pair(_ content: Substring) -> (key: String, value: String)? {
    guard let delimiter = content.firstIndex(where: { $0 == "=" || $0 == ":" }) else { return nil }
    let key = content[..<delimiter].trimmed.lowercased()
    guard !key.isEmpty else { return nil }
    return (key, String(content[content.index(after: delimiter)...].trimmed))
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    var trimmed = drop(while: \.isWhitespace)
    while trimmed.last?.isWhitespace ?? false { trimmed.removeLast() }
    return trimmed
  }
}
