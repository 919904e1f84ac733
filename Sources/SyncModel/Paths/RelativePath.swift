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
    left.string.utf8.elementsEqual(right.string.utf8)
  }

  package static func < (left: Self, right: Self) -> Bool {
    left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    var copy = string
    copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
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
    var next = parent
    while let directory = next, !directory.isRoot {
      result.append(directory)
      next = directory.parent
    }
    return result
  }

  /// The last component, without a trailing slash.
  package var name: String {
    let body = asLeaf.string.utf8
    guard let slash = body.lastIndex(of: UInt8(ascii: "/")) else { return asLeaf.string }
    return String(Substring(body[body.index(after: slash)...]))
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
    let prefix = directory.asDirectoryPrefix
    return string.utf8.count > prefix.utf8.count && string.utf8.starts(with: prefix.utf8)
  }
}
