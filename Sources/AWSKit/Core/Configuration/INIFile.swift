/// The config and credentials files of AWS: sections of `key = value`, one level of nested blocks.
///
/// Reads what botocore reads, that is Python's `configparser`: characters are Unicode scalars, a line that is indented
/// deeper than the key above belongs to its value, a heading ends at its line's last bracket.
struct INIFile: Sendable {
  /// Section heading → key → value. Keys are in lower case; those of a nested block are `block.key`.
  private(set) var sections: [String: [String: String]] = [:]

  /// - Parameter source: for the message; the content is never in it, it may be secret.
  init(parsing text: String, source: String) throws(CredentialError) {
    var section: String?
    var key: String?
    var indentation = 0
    var lines: [String: [String: [Text]]] = [:]
    for (index, line) in Self.lines(of: text).enumerated() {
      let content = line.trimmed
      if content.first == "#" || content.first == ";" { continue }
      let depth = line.distance(from: line.startIndex, to: content.startIndex)
      if let section, let key, content.isEmpty || depth > indentation {
        lines[section]?[key]?.append(content)
        continue
      }
      if content.isEmpty { continue }
      indentation = depth
      if let heading = Self.heading(content) {
        section = heading
        key = nil
        // `[default]` and `[profile default]` are the same profile; the later replaces the earlier completely.
        if heading == "default" { lines["profile default"] = nil }
        if heading == "profile default" { lines["default"] = nil }
        lines[heading, default: [:]] = lines[heading] ?? [:]
      } else if let section, let (name, value) = Self.pair(content, delimiters: ["=", ":"]) {
        key = String(name).lowercased()
        lines[section]?[String(name).lowercased()] = [value]
      } else {
        throw CredentialError("cannot read \(source): line \(index + 1) is neither a [section] nor a key = value")
      }
    }
    for (section, values) in lines {
      sections[section] = [:]
      for (key, lines) in values { try add(lines, of: key, to: section, source: source) }
    }
  }

  private typealias Text = Substring.UnicodeScalarView

  /// A key without value, with lines below it, is a nested block; other lines go on with the value.
  private mutating func add(
    _ lines: [Text], of key: String, to section: String, source: String
  ) throws(CredentialError) {
    let nested = lines.dropFirst().filter { !$0.isEmpty }
    guard lines.first?.isEmpty ?? true, !nested.isEmpty else {
      sections[section]?[key] = String(
        Substring(lines.map { String($0) }.joined(separator: "\n")).unicodeScalars.trimmed)
      return
    }
    for line in nested {
      guard let (name, value) = Self.pair(line, delimiters: ["="]) else {
        throw CredentialError("cannot read \(source): the block \"\(key)\" holds a line that is no key = value")
      }
      sections[section]?["\(key).\(String(name).lowercased())"] = String(value)
    }
  }

  private static func lines(of text: String) -> [Text] {
    var lines: [Text] = []
    var rest = Substring(text).unicodeScalars
    while let end = rest.firstIndex(where: { $0 == "\n" || $0 == "\r" }) {
      lines.append(rest[..<end])
      let isPair = rest[end] == "\r" && rest[end...].dropFirst().first == "\n"
      rest = rest[end...].dropFirst(isPair ? 2 : 1)
    }
    return lines + [rest]
  }

  /// One blank between the words; quotes around the name removed.
  private static func heading(_ content: Text) -> String? {
    guard content.first == "[", let end = content.lastIndex(of: "]") else { return nil }
    let heading = content[..<end].dropFirst()
    guard !heading.isEmpty else { return nil }
    let words = heading.split(maxSplits: 1, whereSeparator: \.isBlank).map(\.trimmed)
    return words.map { word in
      let isQuoted = word.count >= 2 && word.first == word.last && (word.first == "\"" || word.first == "'")
      return String(isQuoted ? word.dropFirst().dropLast() : word)
    }
    .joined(separator: " ")
  }

  private static func pair(_ content: Text, delimiters: [Unicode.Scalar]) -> (name: Text, value: Text)? {
    guard let delimiter = content.firstIndex(where: { delimiters.contains($0) }) else { return nil }
    let name = content[..<delimiter].trimmed
    return name.isEmpty ? nil : (name, content[delimiter...].dropFirst().trimmed)
  }
}

extension Unicode.Scalar {
  /// Python's `str.isspace`.
  fileprivate var isBlank: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}

extension Substring.UnicodeScalarView {
  fileprivate var trimmed: Self {
    var trimmed = drop(while: \.isBlank)
    while trimmed.last?.isBlank ?? false { trimmed.removeLast() }
    return trimmed
  }
}
