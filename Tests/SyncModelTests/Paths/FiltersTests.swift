import Foundation
import Testing

@testable import SyncModel

@Suite struct FiltersTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    var opts: String
    var path: String
    var included: Bool
    var testDescription: String { "\(opts) \(path)" }

    /// The options in shell quoting, `\n` for a newline.
    var rules: [Filters.Rule] {
      var words = opts.split(separator: "'", omittingEmptySubsequences: false).map(String.init)[...]
      var rules: [Filters.Rule] = []
      while words.count >= 2 {
        let option = words.removeFirst().trimmingCharacters(in: .whitespaces)
        let pattern = words.removeFirst().replacingOccurrences(of: "\\n", with: "\n")
        rules.append(option == "--exclude" ? .exclude(pattern) : .include(pattern))
      }
      return rules
    }
  }

  static let cases: [Case] = {
    let file = Bundle.module.url(forResource: "filter-cases", withExtension: "json", subdirectory: "Vectors")!
    return try! JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
  }()

  @Test func `all verified cases are there`() { #expect(Self.cases.count == 93) }

  @Test(arguments: cases)
  func `a path is filtered as by the AWS CLI`(_ example: Case) {
    let filters = Filters(rules: example.rules, root: "/data/src")
    #expect(filters.includes(RelativePath(unchecked: example.path)) == example.included)
  }

  @Test(arguments: [
    ("[!z-a]", "q", true), ("[a-c-e]", "-", true), ("[a-c-e]", "d", false), ("[--a]", "A", true), ("[!]", "[!]", true),
    ("[]", "[]", true), ("[!-a]", "-", false), ("[!-a]", "b", true), ("a[", "a[", true), ("[[]", "[", true),
    ("[ü-ÿ]", "ý", true), ("?", "é", true), ("?", "e\u{301}", false), ("*", "", true), ("", "", true), ("?", "", false),
    ("[z-ax]", "x", true), ("**a**", "bab", true),
  ])
  func `sets and runs are those of fnmatch`(_ pattern: String, _ text: String, _ matches: Bool) {
    #expect(GlobPattern(pattern).matches(Array(text.unicodeScalars)) == matches)
  }

  @Test func `a pattern that begins with a slash replaces the root`() {
    let filters = Filters(rules: [.exclude("/r/*.txt")], root: "/r")
    #expect(!filters.includes(RelativePath(unchecked: "a/b.txt")))
    #expect(filters.includes(RelativePath(unchecked: "a/b.md")))
    #expect(Filters(rules: [.exclude("/a")], root: "/r").includes(RelativePath(unchecked: "a")))
  }

  @Test func `a directory is its name with a slash`() {
    #expect(!Filters(rules: [.exclude("d/*")]).includes(RelativePath(unchecked: "d/")))
    #expect(Filters(rules: [.exclude("d")]).includes(RelativePath(unchecked: "d/")))
  }

  @Test func `no pattern takes exponential time`() {
    let filters = Filters(rules: [.exclude(String(repeating: "*a", count: 60) + "b")])
    #expect(filters.includes(RelativePath(unchecked: String(repeating: "a", count: 1000))))
  }

  @Test func `no rules include everything`() {
    #expect(Filters().isEmpty)
    #expect(Filters().includes(RelativePath(unchecked: "anything")))
  }

  @Test func `the identity tells filters apart`() {
    let all: [[Filters.Rule]] = [
      [], [.exclude("a")], [.include("a")], [.exclude("b")], [.exclude("a"), .exclude("b")],
      [.exclude("b"), .exclude("a")], [.exclude("a-1:b")], [.exclude("é")], [.exclude("e\u{301}")],
    ]
    #expect(Set(all.map { Filters(rules: $0).identity }).count == all.count)
    #expect(
      Filters(rules: [.exclude("a")], root: "/x").identity == Filters(rules: [.exclude("a")], root: "/y").identity)
    #expect(
      Filters(rules: [.exclude("/a")], root: "/x").identity != Filters(rules: [.exclude("/a")], root: "/y").identity)
  }

  @Test func `one direction may have rules of its own, behind those of both`() {
    let filters = Filters(rules: [.exclude("a*")], uploads: [.include("ab")], downloads: [.exclude("b")])
    func included(_ path: String) -> [Bool] {
      let path = RelativePath(unchecked: path)
      return [filters.includesUploads(of: path), filters.includesDownloads(of: path), filters.includes(path)]
    }
    #expect(included("a") == [false, false, false])
    #expect(included("ab") == [true, false, true])
    #expect(included("b") == [true, false, true])
    #expect(included("c") == [true, true, true])
    let rules: [Filters.Rule] = [.exclude("x")]
    let all = [
      Filters(), Filters(rules: rules), Filters(uploads: rules), Filters(downloads: rules),
      Filters(uploads: rules, downloads: rules),
    ]
    #expect(Set(all.map(\.identity)).count == all.count)
    #expect(all.map(\.isEmpty) == [true, false, false, false, false])
  }
}
