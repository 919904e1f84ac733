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
    let bytes = text.utf8
    if bytes.isEmpty { return .empty }
    if bytes.first == UInt8(ascii: "/") { return .absolute }
    if bytes.contains(0) { return .nulByte }
    let components = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for (index, component) in components.enumerated() {
      if component.isEmpty {
        if index == components.count - 1 { break }
        return .emptyComponent
      }
      if component.elementsEqual(".".utf8) || component.elementsEqual("..".utf8) { return .dotComponent }
      if component.count > RelativePath.maximumComponentLength { return .componentTooLong(bytes: component.count) }
    }
    return nil
  }
}
