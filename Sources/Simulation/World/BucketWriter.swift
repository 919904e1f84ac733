import SyncModel

/// Another program that writes to the bucket directly and without conditions.
///
/// `@unchecked Sendable`: used only on the world's thread.
final class BucketWriter: @unchecked Sendable {
  private let server: SimS3
  private let oracle: Oracle
  private let executor: SimExecutor
  private let names: NamePool
  private let parts: Parts
  /// Of the action under way.
  private var generator = SeededGenerator(seed: 0)
  private var serial = 0

  init(server: SimS3, oracle: Oracle, executor: SimExecutor, names: NamePool, parts: Parts) {
    self.server = server
    self.oracle = oracle
    self.executor = executor
    self.names = names
    self.parts = parts
  }

  func work(until end: Int64, haste: Int64) async {
    var due: Int64 = 0
    while due < end {
      let part = "bucket:\(serial)"
      serial += 1
      var pause = parts.generator(part + ":pause")
      due += Int64(pause.below(Int(haste)))
      await executor.pause(due - executor.now)
      guard let generator = parts.take(part) else { continue }
      self.generator = generator
      act()
    }
  }

  func act() {
    let keys = server.sortedKeys.filter { names.isOwn(RelativePath(unchecked: $0)) }
    if !keys.isEmpty && generator.oneIn(3) {
      let key = generator.pick(keys)
      oracle.deletes(server.objects[key]!.content, at: RelativePath(unchecked: key), by: "bucket")
      try? server.delete(key, ifMatch: nil)
      oracle.note("bucket: deleted \(key)")
      oracle.count("bucket delete")
    } else if generator.oneIn(10) {
      let path = names.directory(&generator)
      oracle.makesDirectory(path)
      put(path, [])
    } else if generator.oneIn(12) {
      putOddKey()
    } else if generator.oneIn(12) {
      // Longer ones would count as large files, as no link's target can be.
      put(names.outside("\(serial)"), Array("../../../\(serial)".utf8), as: .symlink)
    } else {
      let isLong = generator.oneIn(5)
      put(names.path(&generator), Array("bucket#\(serial);\(String(repeating: "+", count: isLong ? 60 : 2))".utf8))
    }
  }

  /// What leads out of the root, is Martlet's own, or cannot stand in a folder.
  private func putOddKey() {
    let key = generator.pick([
      "../up", "/top", "odd//two", "odd/../../up", "odd/./one", "..", "odd/\(String(repeating: "n", count: 256))",
      ".martlet/id", ".martlet/remote/trash/x", "odd/.martlet/id", "odd/..", "odd/no\u{0}ught",
    ])
    let content = Array("odd#\(serial)".utf8)
    oracle.completes(content)
    oracle.supersedes(content, at: .root, by: "bucket")
    _ = try? server.put(key, content, metadata: EntryMetadata(kind: .file), ifMatch: nil, isConditional: false)
    oracle.note("bucket: put the odd key \(key)")
    oracle.count("bucket odd key")
  }

  private func put(_ path: RelativePath, _ content: [UInt8], as kind: EntryKind = .file) {
    for directory in path.ancestors { oracle.makesDirectory(directory) }
    giveUp(path.string)
    oracle.completes(content)
    var metadata = EntryMetadata(kind: path.isDirectory ? .directory : kind)
    if generator.oneIn(2) { metadata.modified = server.now.advanced(by: .seconds(-generator.below(100))) }
    _ = try? server.put(path.string, content, metadata: metadata, ifMatch: nil, isConditional: false)
    oracle.note("bucket: put \(path) “\(String(decoding: content, as: UTF8.self))”")
    oracle.count(kind == .symlink ? "bucket link that leads out" : "bucket put")
  }

  private func giveUp(_ key: String) {
    if let object = server.objects[key] {
      oracle.supersedes(object.content, at: RelativePath(unchecked: key), by: "bucket")
    }
  }
}
