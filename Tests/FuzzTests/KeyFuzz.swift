import SyncModel
import Testing

extension FuzzTests {
  /// I6: a key is refused, or stands for a path below the root that maps back to the same key.
  @Test func keys() throws {
    let fuzzer = Fuzzer(
      target: "keys", regressions: [String(repeating: "long/", count: 300)],
      seeds: [
        "p/a", "p/dir/", "p/a/b.txt", "p/../x", "p//x", "/p", "p/.martlet/x", "p/.s3-sync2.lock", "p/\u{e9}/e\u{301}",
        "p/.__mobius3_flush__1", "p/a\u{0}b", "p/" + String(repeating: "n", count: 255), "p/.martlet-tmp.1/x",
      ],
      tokens: [
        "p/", "/", "//", "./", "../", "/..", "/.", "..", ".martlet", ".mobius3", ".s3-sync2.lock", ".martlet-tmp.",
        "\\", "~", "\u{202E}", String(repeating: "x", count: 256), String(repeating: "\u{1F600}", count: 64),
      ])
    var random = SeededRandom(3)
    try fuzzer.run { input in
      let text = String(decoding: input, as: UTF8.self)
      let mapping = KeyMapping(prefix: random.pick(["", "p", "p/", "p//"]))
      for key in [text, mapping.prefix + text] { try Self.checkKey(key, mapping) }
    }
  }

  private static func checkKey(_ key: String, _ mapping: KeyMapping) throws {
    let isBelow = key.utf8.starts(with: mapping.prefix.utf8)
    guard case .success(let path) = mapping.path(ofKey: key) else { return }
    try require(isBelow, "a key outside of the prefix is taken")
    guard case .success(let back) = mapping.key(of: path) else { throw Fuzzer.Finding("\(path) has no key") }
    try require(back.utf8.elementsEqual(key.utf8), "\(path) maps back to \(back.debugDescription)")
    try require(key.utf8.count <= 1_024, "the key is longer than S3's")
    // By an own look at the bytes.
    var bytes = Array(path.string.utf8)
    try require(!bytes.isEmpty && !bytes.contains(0), "an empty name or a NUL")
    if bytes.last == 0x2F { bytes.removeLast() }
    var component: [UInt8] = []
    for byte in bytes + [0x2F] {
      guard byte == 0x2F else {
        component.append(byte)
        continue
      }
      try require((1...255).contains(component.count), "a component of \(component.count) bytes")
      try require(component != [0x2E] && component != [0x2E, 0x2E], "a component that leads elsewhere")
      let name = String(decoding: component, as: UTF8.self)
      try require(
        ![".martlet", ".mobius3"].contains(name) && !name.utf8.starts(with: ".martlet-tmp.".utf8)
          && !name.utf8.starts(with: ".__mobius3_flush__".utf8), "a reserved name")
      component = []
    }
    try require(!path.asLeaf.string.utf8.elementsEqual(".s3-sync2.lock".utf8) || path.isDirectory, "the lease")
    try require(path.components.joined(separator: "/").utf8.elementsEqual(bytes), "components differ from the path")
    for ancestor in path.ancestors { try require(path.isBelow(ancestor), "\(path) is not below \(ancestor)") }
  }
}
