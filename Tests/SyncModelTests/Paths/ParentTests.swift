import Testing

@testable import SyncModel

@Suite struct ParentTests {
  private static let paths = [
    "", "a", "a/", "a/b", "a/b/", "a/b/c", "a/bc", "a/bc/d", "ab", "ab/", "ab/c", "é/", "é/é",
  ]

  @Test func parentsOfAnother() {
    for path in Self.paths.map(RelativePath.init(unchecked:)) {
      for other in Self.paths.map(RelativePath.init(unchecked:)) where !other.isRoot {
        let expected = path.ancestors.allSatisfy { $0 == other || other.isBelow($0) }
        #expect(path.hasParents(of: other) == expected, "\(path) of \(other)")
      }
    }
  }
}
