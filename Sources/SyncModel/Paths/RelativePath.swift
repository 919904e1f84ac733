/// A validated place below the root: slash-separated components, a trailing `/` marks a directory.
///
/// Two paths are equal only if their UTF-8 bytes are: S3 keys and Linux names are bytes, so the
/// canonical equivalence that `String` compares by would make one path of two files.
/// The order is S3's listing order (UTF-8 bytes), in which a directory sorts as its name followed by `/`.
package struct RelativePath: Sendable {
  package let string: String

  /// The root itself, the only path without a component.
  package static let root = RelativePath(unchecked: "")

  /// Longest component that Linux file systems take, in bytes (`NAME_MAX`).
  package static let maximumComponentLength = 255

  package init(validating text: String) throws(PathProblem) {
    var text = text
    text.makeContiguousUTF8()
    if let problem = PathProblem.inPath(text) { throw problem }
    string = text
  }

  /// For callers that put a path together from valid ones.
  package init(unchecked text: String) { string = text }
}

extension RelativePath: Hashable, Comparable, CustomStringConvertible {
  package static func == (left: Self, right: Self) -> Bool {
    guard left.string.utf8.count == right.string.utf8.count else { return false }
    return left.withBytes { left in right.withBytes { right in left.elementsEqual(right) } }
  }

  package static func < (left: Self, right: Self) -> Bool {
    left.withBytes { left in right.withBytes { right in left.lexicographicallyPrecedes(right) } }
  }

  package func hash(into hasher: inout Hasher) {
    withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }

  /// Comparing by the iterators of `String.UTF8View` takes several times as long.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    var copy = string
    return copy.withUTF8(body)
  }

  package var description: String { string.isEmpty ? "/" : string }
}

extension RelativePath {
  package var isRoot: Bool { string.isEmpty }

  /// True for the root and for paths that end in `/`.
  package var isDirectory: Bool { string.isEmpty || string.utf8.last == UInt8(ascii: "/") }

  /// The same place named as a directory.
  package var asDirectory: RelativePath { isDirectory ? self : RelativePath(unchecked: string + "/") }

  /// The same place named as a leaf (file or symbolic link).
  package var asLeaf: RelativePath {
    isDirectory ? RelativePath(unchecked: String(Substring(string.utf8.dropLast()))) : self
  }

  /// The directory that holds this entry; nil for the root.
  package var parent: RelativePath? {
    guard !isRoot else { return nil }
    let body = asLeaf.string.utf8
    guard let slash = body.lastIndex(of: UInt8(ascii: "/")) else { return .root }
    return RelativePath(unchecked: String(Substring(body[...slash])))
  }

  /// Parents from the nearest to the outermost, the root left out.
  package var ancestors: [RelativePath] {
    var result: [RelativePath] = []
    var rest = string.utf8[...]
    if isDirectory { rest = rest.dropLast() }
    while let slash = rest.lastIndex(of: UInt8(ascii: "/")) {
      result.append(RelativePath(unchecked: String(Substring(rest[...slash]))))
      rest = rest[..<slash]
    }
    return result
  }

  /// Whether each of the ``ancestors`` is one of the other path's, or that path.
  package func hasParents(of other: RelativePath) -> Bool {
    withBytes { bytes in
      let leaf = bytes.last == UInt8(ascii: "/") ? bytes.dropLast() : bytes[...]
      guard let slash = leaf.lastIndex(of: UInt8(ascii: "/")) else { return true }
      return other.withBytes { $0.starts(with: bytes[...slash]) }
    }
  }

  /// The last component, without a trailing slash.
  package var name: String {
    let leaf = asLeaf.string
    guard let slash = leaf.utf8.lastIndex(of: UInt8(ascii: "/")) else { return leaf }
    return String(Substring(leaf.utf8[leaf.utf8.index(after: slash)...]))
  }

  /// Components from the root down, without slashes.
  package var components: [String] {
    string.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
  }

  /// An entry of this directory. `name` is one valid component.
  package func appending(_ name: String, isDirectory: Bool = false) -> RelativePath {
    RelativePath(unchecked: asDirectoryPrefix + name + (isDirectory ? "/" : ""))
  }

  /// What every path below this directory starts with.
  package var asDirectoryPrefix: String { isRoot ? "" : asDirectory.string }

  package func isBelow(_ directory: RelativePath) -> Bool {
    if directory.isRoot { return !isRoot }
    return withBytes { bytes in
      directory.withBytes { prefix in
        if prefix.last == UInt8(ascii: "/") { return bytes.count > prefix.count && bytes.starts(with: prefix) }
        return bytes.count > prefix.count + 1 && bytes[prefix.count] == UInt8(ascii: "/") && bytes.starts(with: prefix)
      }
    }
  }
}
