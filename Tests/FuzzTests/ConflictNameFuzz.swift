import SyncModel
import Testing

extension FuzzTests {
  /// The name of a conflict copy is a valid path beside the loser, within the limits, and is recognised.
  @Test func conflictNames() throws {
    let fuzzer = Fuzzer(
      target: "conflictNames", regressions: ["dire.hd(en"],
      seeds: [
        "a.txt", "dir/.hidden", "d/name (conflict n 2026-11-20 123011 1a2b3c4d).tar.gz", "x", "\u{1F600}.e\u{301}xt",
        "d/a.b.c",
        String(repeating: "\u{e9}", count: 127) + ".ext", String(repeating: "d/", count: 480) + "long.name",
        String(repeating: "e", count: 230) + "." + String(repeating: "x", count: 20),
      ],
      tokens: [
        ".", "..", " ", "(", ")", " (conflict ", "/", ".gz", "1a2b3c4d)", String(repeating: "n", count: 200),
        String(repeating: "\u{1F600}", count: 50),
      ])
    var random = SeededRandom(5)
    try fuzzer.run { input in
      guard let path = try? RelativePath(validating: String(decoding: input, as: UTF8.self)), !path.isDirectory else {
        return
      }
      let node = random.pick(["n", "", "host-1", "../x", "\u{e9} /", String(repeating: "n", count: 90)])
      let loser: ConflictName.Loser =
        random.below(2) == 0
        ? .remote(etag: "e\(random.below(9))")
        : .local(node: node, content: Fingerprint(size: 1, crc64: random.next()))
      let time = Timestamp(
        nanoseconds: random.pick([0, .min, .max, -1, Int64.random(in: .min ... .max, using: &random)]))
      let prefix = random.pick([0, 7, 500, 1_000, 1_024])
      let attempt = random.pick([0, 1, Int(UInt32.max)])
      guard
        let copy = ConflictName.path(for: path, loser: loser, time: time, prefixLength: prefix, attempt: attempt)
      else {
        // Its fixed part has at most 110 bytes; where there is room for it and a character, there is a name.
        let directory = path.parent.map { $0.string.utf8.count } ?? 0
        return try require(prefix + directory + 114 > 1_024, "no name where one fits")
      }
      try require((try? RelativePath(validating: copy.string)) == copy, "\(copy) is no valid path")
      try require(copy.name.utf8.count <= 255, "the name has \(copy.name.utf8.count) bytes")
      try require(prefix + copy.string.utf8.count <= 1_024, "the key has \(prefix + copy.string.utf8.count) bytes")
      try require(copy.parent == path.parent, "\(copy) is not beside \(path)")
      try require(ConflictName.isConflictCopy(copy), "\(copy) is not recognised")
      try require(copy != path, "the copy has the loser's name")
      let same = ConflictName.path(for: path, loser: loser, time: time, prefixLength: prefix, attempt: attempt)
      try require(same == copy, "another name the second time")
    }
  }
}
