import Testing

@testable import SyncModel

extension FuzzTests {
  private struct GlobVector: Decodable {
    var pattern: String
    var text: String
    var matches: Bool
  }

  /// Python's `fnmatch`, by which the AWS CLI goes.
  @Test func filtersAsPythonMatches() throws {
    let vectors = try Vectors.load("glob", as: [GlobVector].self)
    #expect(vectors.count >= 1_000)
    for vector in vectors {
      let matches = GlobPattern(vector.pattern).matches(Array(vector.text.unicodeScalars))
      #expect(matches == vector.matches, "\(vector.pattern.debugDescription) on \(vector.text.debugDescription)")
    }
  }

  /// The pattern stands before the first newline, the text behind. The last rule that matches decides.
  @Test func filters() throws {
    let fuzzer = Fuzzer(
      target: "filters",
      seeds: [
        "*.txt\na/b.txt", "dir/*\ndir/x", "[!a-c]?*\ndx", "*a*a*a*a*b\naaaaaaaaaaaaaaaaaaa", "/r/x\nx", "[]]\n]",
      ],
      tokens: ["*", "?", "[", "]", "[!", "[]", "-", "[a-", "[z-a]", "**", "\\", "^", "\n"])
    try fuzzer.run { input in
      let halves = String(decoding: input, as: UTF8.self).split(
        separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
      let (pattern, text) = (String(halves[0]), String(halves.count > 1 ? halves[1] : ""))
      guard let path = try? RelativePath(validating: text) else { return }
      let matches = !Filters(rules: [.exclude(pattern)], root: "/r").includes(path)
      let again = Filters(rules: [.exclude(pattern), .include(pattern)], root: "/r")
      try require(again.includes(path), "an include by the same pattern does not turn the exclude over")
      let narrowed = Filters(rules: [.exclude("*"), .include(pattern)], root: "/r")
      try require(narrowed.includes(path) == matches, "include and exclude match differently")
      try require(Filters(rules: [.exclude("*")]).includes(path) == false, "* does not match everything")
      if !pattern.unicodeScalars.contains(where: { "*?[".unicodeScalars.contains($0) }), !pattern.hasPrefix("/") {
        try require(matches == pattern.utf8.elementsEqual(text.utf8), "a pattern without wildcards is not itself")
      }
    }
  }
}
