/// Why a key or a local name cannot be a path of the synchronised tree.
package enum PathProblem: Error, Hashable, Sendable {
  case empty
  case absolute
  case emptyComponent
  case dotComponent
  case nulByte
  case componentTooLong(bytes: Int)
  case keyTooLong(bytes: Int)
  case notUTF8
  case reserved(String)
  case outsidePrefix

  /// What to tell the user; follows the quoted name.
  package var explanation: String {
    switch self {
    case .empty: "has no name below the prefix"
    case .absolute: "starts with “/”, a file system has no such name below the root"
    case .emptyComponent: "contains “//”, a file system has no empty names"
    case .dotComponent: "contains “.” or “..” as a component and could lead out of the root"
    case .nulByte: "contains a NUL byte"
    case .componentTooLong(let bytes): "has a component of \(bytes) bytes, file systems take 255"
    case .keyTooLong(let bytes): "would be a key of \(bytes) bytes, S3 takes 1024"
    case .notUTF8: "is not valid UTF-8 and cannot be an S3 key"
    case .reserved(let name): "belongs to “\(name)”, which is never synced"
    case .outsidePrefix: "does not start with the prefix that was asked for"
    }
  }

  static func inPath(_ text: String) -> PathProblem? {
    var text = text
    return text.withUTF8(inPath)
  }

  private static func inPath(_ bytes: UnsafeBufferPointer<UInt8>) -> PathProblem? {
    let slash = UInt8(ascii: "/")
    if bytes.isEmpty { return .empty }
    if bytes[0] == slash { return .absolute }
    if bytes.contains(0) { return .nulByte }
    var start = 0
    while start < bytes.count {
      let component = bytes[start...].prefix { $0 != slash }
      if component.isEmpty { return .emptyComponent }
      if component.elementsEqual(".".utf8) || component.elementsEqual("..".utf8) { return .dotComponent }
      if component.count > RelativePath.maximumComponentLength { return .componentTooLong(bytes: component.count) }
      start = component.endIndex + 1
    }
    return nil
  }
}
