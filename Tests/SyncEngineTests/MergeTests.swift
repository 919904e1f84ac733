import SyncModel
import Testing

@testable import SyncEngine

/// What a full pass sees of each path, and in which order it can decide.
@Suite struct MergeTests {
  @Test func yieldsEveryPathOfEverySideOnce() async throws {
    let seen = try await merged(local: ["a", "d/", "d/x"], base: ["a", "b"], remote: ["b", "d/x"])
    #expect(seen.map(\.path) == ["a", "b", "d/", "d/x"])
    #expect(seen.map { $0.seen.local?.stamp != nil } == [true, false, true, true])
    #expect(seen.map { $0.seen.base != nil } == [true, true, false, false])
    #expect(seen.map { $0.seen.remote == .absent } == [true, false, false, false])
  }

  @Test func impliesTheFoldersOfKeys() async throws {
    let seen = try await merged(local: [], base: [], remote: ["p/q/r", "p/q/s", "p/t"])
    #expect(seen.map(\.path) == ["p/", "p/q/", "p/q/r", "p/q/s", "p/t"])
    #expect(seen[0].seen.remote == .implied)
    #expect(seen[1].seen.remote == .implied)
  }

  @Test func takesAMarkerForTheFolderItself() async throws {
    let seen = try await merged(local: [], base: [], remote: ["p/", "p/t"])
    #expect(seen.map(\.path) == ["p/", "p/t"])
    guard case .marker = seen[0].seen.remote else {
      Issue.record("the marker was not seen")
      return
    }
  }

  /// ⚠ `a.txt` lies between `a` and `a/b`.
  @Test func knowsThatKeysLieBelowALeaf() async throws {
    let seen = try await merged(local: ["a", "a.txt"], base: [], remote: ["a", "a.txt", "a/b", "b"])
    let leaf = try #require(seen.first { $0.path == "a" })
    #expect(leaf.neighbours.remoteHasDescendants)
    let between = try #require(seen.first { $0.path == "a.txt" })
    #expect(!between.neighbours.remoteHasDescendants)
    #expect(seen.filter { $0.path == "a" }.count == 1)
  }

  @Test func knowsThatAFolderHasALeafsName() async throws {
    let seen = try await merged(local: ["a/", "a/b"], base: ["a"], remote: ["a"])
    let leaf = try #require(seen.first { $0.path == "a" })
    #expect(leaf.neighbours.localIsDirectory)
    #expect(!leaf.neighbours.remoteHasDescendants)
  }

  @Test func tellsEmptyFoldersFromOthers() async throws {
    let seen = try await merged(local: ["d/", "e/", "e/x"], base: [], remote: [])
    #expect(seen.first { $0.path == "d/" }?.neighbours.localHasEntries == false)
    #expect(seen.first { $0.path == "e/" }?.neighbours.localHasEntries == true)
  }

  @Test func findsNoAbsenceBelowAFolderThatCannotBeRead() async throws {
    let seen = try await merged(local: ["d/", "z"], base: ["d/x", "y"], remote: [], unreadable: ["d/"])
    #expect(seen.first { $0.path == "d/x" }?.seen.local == .unsupported)
    #expect(seen.first { $0.path == "y" }?.seen.local == .absent(mount: MountID(1)))
  }

  @Test func namesTheMountOfTheNearestFolder() async throws {
    let seen = try await merged(
      local: ["d/", "d/e/", "z"], base: ["d/e/x", "d/x", "y"], remote: [], mounts: ["d/e/": MountID(2)])
    #expect(seen.first { $0.path == "d/e/x" }?.seen.local == .absent(mount: MountID(2)))
    #expect(seen.first { $0.path == "d/x" }?.seen.local == .absent(mount: MountID(1)))
  }

  @Test func keepsTombstonesWithTheirRevision() async throws {
    let store = MemoryStore(entries: [])
    store.records = [.tombstone("gone", revision: 7)]
    var merge = Merge(local: nil, base: BaseStream(store), remote: RemoteStream(ListedKeys(["gone"]), store: store))
    let seen = try #require(try await all(&merge).first)
    #expect(seen.seen.base?.revision == 7)
    #expect(seen.seen.base?.entry == nil)
  }

  @Test func noticesAListingOutOfOrder() async throws {
    let store = MemoryStore(entries: [])
    var merge = Merge(
      local: nil, base: BaseStream(store), remote: RemoteStream(ListedKeys(["b"], ["a"]), store: store))
    _ = try await all(&merge)
    #expect(merge.remote?.isOrdered == false)
  }

  /// Sorted random trees against sets.
  @Test(arguments: 0..<40) func agreesWithSets(seed: UInt64) async throws {
    var random = SplitMix(state: seed)
    func tree() -> [RelativePath] {
      let names = ["a", "a.txt", "a-b", "a/", "a/b", "a/b/", "a/b/c", "b", "a0", "a/b.x"]
      return names.filter { _ in random.next() % 2 == 0 }.map { RelativePath(unchecked: $0) }.sorted()
    }
    let (local, base, remote) = (tree(), tree(), tree())
    let seen = try await merged(local: local, base: base, remote: remote)
    let implied = Set(remote.flatMap(\.ancestors))
    #expect(Set(seen.map(\.path)) == Set(local).union(base).union(remote).union(implied))
    #expect(seen.count == Set(seen.map(\.path)).count)
    for item in seen {
      #expect((item.seen.local?.stamp != nil) == local.contains(item.path))
      #expect((item.seen.base != nil) == base.contains(item.path))
      #expect((item.seen.remote != .absent) == (remote.contains(item.path) || implied.contains(item.path)))
      if !item.path.isDirectory {
        #expect(
          item.neighbours.remoteHasDescendants
            == (remote.contains { $0.isBelow(item.path.asDirectory) || $0 == item.path.asDirectory }))
        #expect(item.neighbours.localIsDirectory == local.contains(item.path.asDirectory))
      }
    }
  }
}

private struct Decided {
  var seen: Seen
  var neighbours: Neighbours
  var path: RelativePath { seen.path }
}

private func all(_ merge: inout Merge) async throws -> [Decided] {
  var result: [Decided] = []
  while let decided = try await merge.next() { result += decided.map { Decided(seen: $0.0, neighbours: $0.1) } }
  return result.sorted { $0.path < $1.path }
}

private func merged(
  local: [RelativePath], base: [RelativePath], remote: [RelativePath], unreadable: [RelativePath] = [],
  mounts: [RelativePath: MountID] = [:]
) async throws -> [Decided] {
  let store = MemoryStore(entries: base.map { BaseEntry(sample: $0) })
  let walk = ListedEntries(
    local.map { LocalEntry(path: $0, stamp: LocalStamp(sample: $0, mount: mounts[$0] ?? MountID(1))) }, unreadable)
  var merge = Merge(
    local: LocalStream(walk, rootMount: MountID(1), root: .root, store: store), base: BaseStream(store),
    remote: RemoteStream(ListedKeys(remote), store: store))
  return try await all(&merge)
}
