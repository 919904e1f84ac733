import SyncEngine
import SyncModel
import Testing

@testable import BaseStore

/// Random operations, compared with a dictionary.
@Suite struct ModelTests {
  @Test(arguments: 1...8) func agreesWithADictionary(seed: UInt64) async throws {
    var random = SplitMix(state: seed)
    let folder = try ScratchFolder()
    var store = try folder.open()
    var model: [RelativePath: BaseRecord] = [:]
    var intents: [Intent] = []
    for step in 0..<150 {
      var changes: [BaseChange] = []
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let path = Self.path(&random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0..<4: changes.append(.record(Self.entry(path, &random)))
        case 4: changes.append(.recordIfAbsent(Self.entry(path, &random)))
        case 5: changes.append(.forget(path))
        case 6:
          let id = Intent.ID("\(Int.random(in: 0..<5, using: &random))")
          changes.append(
            .openIntent(Intent(id: id, kind: .put, path: path, expected: nil, openedAt: Timestamp(seconds: 1))))
        default: changes.append(.closeIntent(Intent.ID("\(Int.random(in: 0..<5, using: &random))")))
        }
      }
      let revision = try await store.apply(changes)
      for change in changes { Self.apply(change, revision: revision, &model, &intents) }
      if step % 40 == 39 {
        try await store.dropTombstones(through: revision - 20)
        model = model.filter { $0.value.entry != nil || $0.value.revision > revision - 20 }
      }
      if step % 50 == 49 {
        try store.close()
        store = try folder.open()
        #expect(store.revision == revision)
      }
    }
    #expect(
      try await store.rows(after: nil, limit: .max) == model.values.sorted { $0.path < $1.path })
    #expect(try await store.intents() == intents)
    #expect(
      try await store.leafCount() == model.values.count { $0.entry.map { $0.local.kind != .directory } ?? false })
    for path in Self.names {
      #expect(try await store.row(path) == model[path])
      let below = model.values.compactMap(\.entry).filter { $0.path.isBelow(path.asDirectory) }
      #expect(
        try await store.entries(below: path.asDirectory, after: nil, limit: .max)
          == below.sorted { $0.path < $1.path })
    }
    for inode in 0..<UInt64(6) {
      let expected = model.values.compactMap(\.entry).filter { $0.local.inode == inode }.sorted { $0.path < $1.path }
      #expect(try await store.entries(mount: MountID(1), inode: inode) == expected)
    }
  }

  private static func apply(
    _ change: BaseChange, revision: Int64, _ model: inout [RelativePath: BaseRecord], _ intents: inout [Intent]
  ) {
    switch change {
    case .record(var entry):
      entry.revision = revision
      model[entry.path] = .entry(entry)
    case .recordIfAbsent(var entry):
      guard model[entry.path]?.entry == nil else { return }
      entry.revision = revision
      model[entry.path] = .entry(entry)
    case .forget(let path): model[path] = .tombstone(path, revision: revision)
    case .openIntent(let intent):
      if let index = intents.firstIndex(where: { $0.id == intent.id }) {
        intents[index] = intent
      } else {
        intents.append(intent)
      }
    case .closeIntent(let id): intents.removeAll { $0.id == id }
    }
  }

  private static let names: [RelativePath] = {
    let components = ["a", "a.", "a-b", "\u{E9}", "e\u{301}", "\u{1F426}"]
    var result: [RelativePath] = []
    for first in components {
      result += [RelativePath(unchecked: first), RelativePath(unchecked: first + "/")]
      for second in components { result.append(RelativePath(unchecked: first + "/" + second)) }
    }
    return result
  }()

  private static func path(_ random: inout SplitMix) -> RelativePath {
    names[Int.random(in: 0..<names.count, using: &random)]
  }

  private static func entry(_ path: RelativePath, _ random: inout SplitMix) -> BaseEntry {
    let inode = UInt64.random(in: 0..<6, using: &random)
    var entry = bareEntry(path, kind: path.isDirectory ? .directory : .file, inode: inode)
    if Bool.random(using: &random) {
      entry.remote = RemoteStamp(etag: "\(random.next())", size: 3, lastModified: Timestamp(seconds: 7))
      entry.fingerprint = Fingerprint(size: 3, crc64: random.next())
    }
    return entry
  }
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
