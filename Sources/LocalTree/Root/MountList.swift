/// Reads `/proc/self/mountinfo`; see proc_pid_mountinfo(5).
enum MountList {
  /// The mounts whose mount point is `path` or lies below it, by number, and where below it they are.
  static func mounts(in text: [UInt8], below path: String) -> [UInt64: String] {
    let wanted = path == "/" ? [] : Array(path.utf8)
    var found: [UInt64: String] = [:]
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
      guard fields.count > 4, let number = UInt64(String(decoding: fields[0], as: UTF8.self)) else { continue }
      let point = unescaped(fields[4])
      guard point.starts(with: wanted), point.count == wanted.count || point[wanted.count] == UInt8(ascii: "/")
      else { continue }
      found[number] = String(decoding: point.dropFirst(wanted.count + 1), as: UTF8.self)
    }
    return found
  }

  /// Whether a mount has this number.
  static func holds(_ number: UInt64, _ text: [UInt8]) -> Bool {
    let start = Array("\(number) ".utf8)
    return text.split(separator: UInt8(ascii: "\n")).contains { $0.starts(with: start) }
  }

  /// Blanks, tabs, line breaks and backslashes stand there as a backslash and three octal digits.
  private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = field
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) {
        result.append(code)
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
      }
    }
    return result
  }
}
