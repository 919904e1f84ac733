/// `If-Match` and `If-None-Match` of a write, checked against the current version in the step that replaces it.
struct WriteConditions: Sendable {
  var ifMatch: String?
  var ifNoneMatch: String?

  static let none = WriteConditions()

  var isEmpty: Bool { self.ifMatch == nil && self.ifNoneMatch == nil }

  /// Throws 412 when a condition does not hold, 404 when `If-Match` finds nothing to match.
  func check(_ current: StoredObject?, key: ObjectKey) throws {
    if let ifMatch {
      guard let current else { throw S3Error.noSuchKey(key) }
      guard matches(ifMatch, current.etag) else { throw S3Error.preconditionFailed("If-Match") }
    }
    if let ifNoneMatch, let current, matches(ifNoneMatch, current.etag) {
      throw S3Error.preconditionFailed("If-None-Match")
    }
  }
}

/// Whether a condition's list of ETags, quoted or not, or its `*` covers `etag`.
func matches(_ condition: String, _ etag: String) -> Bool {
  condition.split(separator: ",").contains { candidate in
    let candidate = candidate.trimming(while: { $0 == " " })
    return candidate == "*" || candidate.trimming(while: { $0 == "\"" }) == etag
  }
}

extension StringProtocol {
  func trimming(while predicate: (Character) -> Bool) -> SubSequence {
    let start = self.firstIndex { !predicate($0) } ?? self.endIndex
    let end = self[start...].lastIndex { !predicate($0) }.map { self.index(after: $0) } ?? start
    return self[start..<end]
  }
}
