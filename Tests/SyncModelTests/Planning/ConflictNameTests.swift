import Testing

@testable import SyncModel

@Suite struct ConflictNameTests {
  static let time = Timestamp(seconds: 1_795_177_811, nanoseconds: 999_999_999)
  static let content = Fingerprint(size: 3, crc64: 0x1A2B_3C4D_5555_6666)

  private func copy(
    _ path: String, node: String = "n1", prefixLength: Int = 0, attempt: Int = 0
  ) -> String? {
    ConflictName.path(
      for: RelativePath(unchecked: path), loser: .local(node: node, content: Self.content), time: Self.time,
      prefixLength: prefixLength, attempt: attempt)?.string
  }

  @Test(arguments: [
    ("name.ext", "name (conflict n1 2026-11-20 123011 1a2b3c4d).ext"),
    ("a/b/name", "a/b/name (conflict n1 2026-11-20 123011 1a2b3c4d)"),
    ("x.tar.gz", "x.tar (conflict n1 2026-11-20 123011 1a2b3c4d).gz"),
    (".bashrc", ".bashrc (conflict n1 2026-11-20 123011 1a2b3c4d)"),
    (".config.json", ".config (conflict n1 2026-11-20 123011 1a2b3c4d).json"),
    ("ends.", "ends. (conflict n1 2026-11-20 123011 1a2b3c4d)"),
    ("Dr. No and others", "Dr. No and others (conflict n1 2026-11-20 123011 1a2b3c4d)"),
    ("a.b/no-extension", "a.b/no-extension (conflict n1 2026-11-20 123011 1a2b3c4d)"),
    ("über.café", "über (conflict n1 2026-11-20 123011 1a2b3c4d).café"),
  ])
  func `a local loser is named by node, time and content`(_ path: String, _ expected: String) {
    #expect(copy(path) == expected)
  }

  @Test func `a remote loser is named by time and ETag`() throws {
    let loser = ConflictName.Loser.remote(etag: "a")
    let path = try #require(
      ConflictName.path(for: RelativePath(unchecked: "d/n.txt"), loser: loser, time: Self.time, prefixLength: 2))
    // FNV-1a of "a" is af63dc4c8601ec8c.
    #expect(path.string == "d/n (conflict 2026-11-20 123011 af63dc4c).txt")
  }

  @Test func `a digest keeps its leading zeros`() throws {
    let loser = ConflictName.Loser.local(node: "n", content: Fingerprint(size: 0, crc64: 0))
    let path = ConflictName.path(for: Given.leaf, loser: loser, time: Self.time, prefixLength: 0)
    #expect(try #require(path).name.contains(" 00000000)"))
  }

  @Test func `another attempt gives another name`() {
    #expect(copy("a", attempt: 1) == "a (conflict n1 2026-11-20 123011 1a2b3c4e)")
  }

  @Test(arguments: [
    ("web 1/a", "web-1-a"), ("ü", "--"), ("", "node"), ("A_b.c-9", "A_b.c-9"), ("a\nb)", "a-b-"),
    (String(repeating: "x", count: 300), String(repeating: "x", count: 64)),
  ])
  func `a node with odd characters is made safe`(_ node: String, _ field: String) {
    #expect(copy("a", node: node) == "a (conflict \(field) 2026-11-20 123011 1a2b3c4d)")
  }

  @Test(arguments: ["x", "é", "😀"])
  func `the stem is cut between characters to 255 bytes`(_ character: String) throws {
    let name = String(repeating: character, count: 250 / character.utf8.count) + ".txt"
    let path = try RelativePath(validating: try #require(copy("d/" + name)))
    #expect((252...255).contains(path.name.utf8.count))
    #expect(path.name.hasSuffix("1a2b3c4d).txt"))
    #expect(ConflictName.isConflictCopy(path))
  }

  @Test func `the key stays within 1024 bytes`() throws {
    let directory = String(repeating: "0123456/", count: 115)
    let path = try #require(copy(directory + String(repeating: "n", count: 60) + ".txt", prefixLength: 40))
    #expect(40 + path.utf8.count == 1024)
    #expect(path.hasSuffix(".txt"))
  }

  /// Found by fuzzing: with a bracket in its extension the copy was not recognised.
  @Test func `a bracket ends no extension`() throws {
    let path = try RelativePath(validating: try #require(copy("a.b(c")))
    #expect(path.name.hasPrefix("a.b(c (conflict "))
    #expect(ConflictName.isConflictCopy(path))
  }

  @Test func `the extension goes before the stem is gone`() throws {
    let directory = String(repeating: "0123456/", count: 122)
    let path = try #require(copy(directory + "name.txt", prefixLength: 4))
    #expect(path.hasPrefix(directory + "nam (conflict"))
    #expect(path.hasSuffix("1a2b3c4d)"))
    #expect(4 + path.utf8.count == 1024)
  }

  @Test func `where nothing fits there is no name`() {
    #expect(copy(String(repeating: "0123456/", count: 127) + "a") == nil)
  }

  @Test func `the same loser always gets the same name`() {
    #expect(copy("a/b.c") == copy("a/b.c"))
  }

  @Test(arguments: [
    "a (conflict n1 2026-11-20 123011 1a2b3c4d)", "d/a (conflict 2026-11-20 123011 1a2b3c4d).tar.gz",
    "a (conflict x 2026-11-20 123011 1a2b3c4d) (conflict y 2026-11-20 123012 00000000).txt",
  ])
  func `a conflict copy is recognised`(_ path: String) {
    #expect(ConflictName.isConflictCopy(RelativePath(unchecked: path)))
  }

  @Test(arguments: [
    "a", "", "a (conflict)", "a (conflict n1 2026-11-20 123011 1a2b3c4d) copy",
    "a (conflict n1 2026-11-20 12301 1a2b3c4d)", "a (conflict n1 2026-11-20 123011 1A2B3C4D)",
    "a (conflict n 1 2026-11-20 123011 1a2b3c4d)", "a (Konflikt n1 2026-11-20 123011 1a2b3c4d)",
    "a (conflict n1 2026_11_20 123011 1a2b3c4d)", "a (conflict n1 2026-11-20 123011 1a2b3c4d",
    "a (conflict 2026-11-20 123011 1a2b3c4d)/b",
  ])
  func `other names are not`(_ path: String) {
    #expect(!ConflictName.isConflictCopy(RelativePath(unchecked: path)))
  }
}

@Suite struct CalendarTimeTests {
  @Test(
    arguments: [
      (0, "1970-1-1 0:0:0"), (951_782_400, "2000-2-29 0:0:0"), (951_868_800, "2000-3-1 0:0:0"),
      (4_107_542_399, "2100-2-28 23:59:59"), (4_107_542_400, "2100-3-1 0:0:0"), (-1, "1969-12-31 23:59:59"),
      (-86_400, "1969-12-31 0:0:0"), (1_795_177_811, "2026-11-20 12:30:11"), (-9_223_372_036, "1677-9-21 0:12:44"),
      (9_223_372_036, "2262-4-11 23:47:16"), (1_709_251_199, "2024-2-29 23:59:59"),
    ] as [(Int64, String)])
  func `seconds become a date`(_ seconds: Int64, _ expected: String) {
    let time = CalendarTime(Timestamp(seconds: seconds))
    #expect("\(time.year)-\(time.month)-\(time.day) \(time.hour):\(time.minute):\(time.second)" == expected)
  }
}
