/// Translates between the keys below a prefix and the paths below the root.
package struct KeyMapping: Hashable, Sendable {
  /// As of ``S3Location``.
  package let prefix: String

  /// Longest key that S3 takes, in bytes of UTF-8.
  package static let maximumKeyLength = 1024

  /// A missing slash is appended.
  package init(prefix: String) { self.prefix = S3Location(bucket: "", prefix: prefix).prefix }

  package init(_ location: S3Location) { prefix = location.prefix }

  /// The path that a listed key stands for. The prefix itself stands for the root and fails with `empty`.
  package func path(ofKey key: String) -> Result<RelativePath, PathProblem> {
    // A server that lists other keys than it was asked for must not lead out of the prefix.
    guard key.utf8.starts(with: prefix.utf8), let text = String(key.utf8.dropFirst(prefix.utf8.count)) else {
      return .failure(.outsidePrefix)
    }
    if let name = ReservedNames.match(in: text) { return .failure(.reserved(name)) }
    // Some servers take longer ones; asked for by the path, they would never be found.
    let length = key.utf8.count
    if length > Self.maximumKeyLength { return .failure(.keyTooLong(bytes: length)) }
    do throws(PathProblem) { return .success(try RelativePath(validating: text)) } catch { return .failure(error) }
  }

  /// The key of a leaf, or of a directory's marker.
  package func key(of path: RelativePath) -> Result<String, PathProblem> {
    if path.isRoot { return .failure(.empty) }
    if let name = ReservedNames.match(in: path) { return .failure(.reserved(name)) }
    let length = prefix.utf8.count + path.string.utf8.count
    return length > Self.maximumKeyLength ? .failure(.keyTooLong(bytes: length)) : .success(prefix + path.string)
  }
}
