import Glibc

/// Values that stand for the content of a file, as the AWS CLI reads them: `file://PATH` and `fileb://PATH`, where a
/// leading `~` and `$NAME` are expanded. Addresses of the web are never fetched.
struct ParameterFile: Sendable {
  /// The bytes of a file; throws with what is wrong.
  var read: @Sendable (String) throws(SettingProblem) -> [UInt8] = ParameterFile.contents
  var environment: [String: String]

  static func isOne(_ value: String) -> Bool { path(value) != nil }

  /// The value itself, or what the file holds.
  func text(_ value: String) throws(SettingProblem) -> String {
    guard Self.isOne(value) else { return value }
    guard let text = String(validating: try bytes(value), as: UTF8.self) else {
      throw SettingProblem("the file is not UTF-8 text: convert it")
    }
    return text
  }

  func bytes(_ value: String) throws(SettingProblem) -> [UInt8] {
    guard let path = Self.path(value) else { return Array(value.utf8) }
    return try read(expanded(path))
  }

  private static func path(_ value: String) -> Substring? {
    for scheme in ["file://", "fileb://"] where value.hasPrefix(scheme) { return value.dropFirst(scheme.count) }
    return nil
  }

  private func expanded(_ path: Substring) -> String {
    var result = ""
    var rest = path
    if rest == "~" || rest.hasPrefix("~/"), let home = environment["HOME"] {
      result = home
      rest = rest.dropFirst()
    }
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      var name = rest[rest.index(after: dollar)...]
      let isBraced = name.first == "{"
      if isBraced { name = name.dropFirst() }
      let word = name.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
      let isClosed = !isBraced || name[word.endIndex...].first == "}"
      let end = isBraced && isClosed ? name.index(after: word.endIndex) : word.endIndex
      // What names no variable stays as it is, as in Python's os.path.expandvars.
      if isClosed, let value = environment[String(word)] {
        result += value
      } else {
        result += rest[dollar..<end]
      }
      rest = rest[end...]
    }
    return result + rest
  }

  /// Longer files are a mistake.
  private static let longest = 1 << 20

  private static func contents(_ path: String) throws(SettingProblem) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw unreadable(path) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw unreadable(path) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      if bytes.count > longest { throw SettingProblem("\(path) is longer than 1 MiB: name another file") }
    }
  }

  private static func unreadable(_ path: String) -> SettingProblem {
    SettingProblem("cannot read \(path) (\(String(cString: strerror(errno)))): check the path and its permissions")
  }
}
