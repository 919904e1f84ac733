internal import CLinux
internal import Glibc

/// Extended attributes, POSIX ACLs among them (`system.posix_acl_access`).
enum ExtendedAttributes {
  static let accessACL = "system.posix_acl_access"
  static let defaultACL = "system.posix_acl_default"

  /// The kernel's own judgement of a content, which does not carry over to another one.
  private static let ofContent: Set<String> = ["security.capability", "security.ima", "security.evm"]

  /// Gives `to` what `from` has. What the file system or our rights do not allow is left out.
  static func copy(from: Descriptor, to: Descriptor) throws {
    for name in try names(of: from) where !ofContent.contains(name) {
      guard let value = try value(of: name, from: from) else { continue }
      try set(name, value, on: to)
    }
  }

  static func names(of file: Descriptor) throws -> [String] {
    guard let bytes = try grow({ file.kernel.attributeNames(file.raw, $0, $1) }) else { return [] }
    return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Nil where the file has no such attribute.
  static func value(of name: String, from file: Descriptor) throws -> [UInt8]? {
    try grow { file.kernel.attribute(file.raw, name, $0, $1) }
  }

  static func set(_ name: String, _ value: [UInt8], on file: Descriptor) throws {
    let result = file.kernel.setAttribute(file.raw, name, value)
    if result < 0 && ![EPERM, EACCES, ENOTSUP].contains(-result) { throw SystemError(-result) }
  }

  /// Calls with a larger buffer while the value grows in between.
  private static func grow(_ call: (UnsafeMutablePointer<CChar>?, Int) -> Int) throws -> [UInt8]? {
    while true {
      let needed = call(nil, 0)
      if needed == 0 { return [] }
      if [ENODATA, ENOTSUP, EACCES, EPERM].contains(Int32(-needed)) { return nil }
      try check(needed)
      var bytes = [UInt8](repeating: 0, count: needed)
      let count = bytes.withUnsafeMutableBytes {
        call($0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
      }
      if count == -Int(ERANGE) { continue }
      if count == -Int(ENODATA) { return nil }
      return Array(bytes[..<(try check(count))])
    }
  }
}
