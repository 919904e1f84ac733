import Testing

@testable import SyncModel

@Suite struct KeyMappingTests {
  @Test(arguments: ["a", "a/b", "a/", " a ", "a\nb", "%20", "a+b", "e\u{301}", "…/ü", "a b/"], ["", "x", "x/"])
  func `keys and paths translate both ways`(_ text: String, _ prefix: String) throws {
    let mapping = KeyMapping(prefix: prefix)
    let key = (prefix.isEmpty ? "" : "x/") + text
    let path = try mapping.path(ofKey: key).get()
    #expect(Array(path.string.utf8) == Array(text.utf8))
    #expect(Array(try mapping.key(of: path).get().utf8) == Array(key.utf8))
  }

  @Test(arguments: [
    ("x/", PathProblem.empty), ("x//a", .absolute), ("x/a//b", .emptyComponent), ("x/a//", .emptyComponent),
    ("x/../y", .dotComponent), ("x/./y", .dotComponent), ("x/a/..", .dotComponent), ("x/a\0", .nulByte),
    ("y/a", .outsidePrefix), ("x", .outsidePrefix), ("xy", .outsidePrefix), ("", .outsidePrefix),
    ("x/a/.martlet/y", .reserved(".martlet")), ("x/.s3-sync2.lock", .reserved(".s3-sync2.lock")),
  ])
  func `keys that no path can stand for fail by name`(_ key: String, _ problem: PathProblem) {
    #expect(KeyMapping(prefix: "x").path(ofKey: key) == .failure(problem))
  }

  @Test func `a long component fails`() {
    let name = String(repeating: "ü", count: 128)
    #expect(KeyMapping(prefix: "").path(ofKey: name) == .failure(.componentTooLong(bytes: 256)))
  }

  /// Found by fuzzing: its path had no key.
  @Test func `a listed key that is longer than S3's fails`() {
    let key = String(repeating: "long/", count: 205)
    #expect(KeyMapping(prefix: "").path(ofKey: key) == .failure(.keyTooLong(bytes: 1025)))
  }

  @Test func `a decomposed prefix is another prefix`() {
    #expect(KeyMapping(prefix: "é").path(ofKey: "e\u{301}/a") == .failure(.outsidePrefix))
  }

  @Test func `the key's length counts in bytes with the prefix`() {
    let mapping = KeyMapping(prefix: "ü")
    let exact = RelativePath(unchecked: String(repeating: "abcdefg/", count: 127) + "abcde")
    #expect(throws: Never.self) { try mapping.key(of: exact).get() }
    #expect(mapping.key(of: RelativePath(unchecked: exact.string + "f")) == .failure(.keyTooLong(bytes: 1025)))
  }

  @Test func `reserved paths and the root have no key`() {
    let mapping = KeyMapping(prefix: "x")
    #expect(mapping.key(of: RelativePath(unchecked: "a/.mobius3/b")) == .failure(.reserved(".mobius3")))
    #expect(mapping.key(of: .root) == .failure(.empty))
  }
}
