/// Reads `/proc/self/mountinfo`; see proc_pid_mountinfo(5).
enum MountList {
  /// The numbers of the mounts whose mount point is `path` or lies below it.
  static func numbers(in text: [UInt8], below path: String) -> Set<UInt64> {
    let wanted = path == "/" ? [] : Array(path.utf8)
    var found: Set<UInt64> = []
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
      guard fields.count > 4, let number = UInt64(String(decoding: fields[0], as: UTF8.self)) else { continue }
      let point = unescaped(fields[4])
      guard point.starts(with: wanted), point.count == wanted.count || point[wanted.count] == UInt8(ascii: "/")
      else { continue }
      found.insert(number)
    }
    return found
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
