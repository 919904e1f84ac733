import Testing

@testable import SyncModel

@Suite struct PathLocksTests {
  private var locks = PathLocks()

  private mutating func ask(_ id: UInt64, _ paths: [String], _ scope: PathLocks.Scope = .exact) -> Bool {
    locks.request(id, paths.map { RelativePath(unchecked: $0) }, scope: scope)
  }

  @Test mutating func `different paths do not wait`() {
    #expect(ask(1, ["a"]))
    #expect(ask(2, ["b"]))
    #expect(ask(3, ["a/b"]))
  }

  @Test mutating func `one path is first come, first served`() {
    #expect(ask(1, ["a"]))
    #expect(!ask(2, ["a"]))
    #expect(!ask(3, ["a"]))
    #expect(locks.release(1) == [2])
    #expect(locks.release(2) == [3])
    #expect(locks.release(3).isEmpty)
    #expect(locks.isEmpty)
  }

  @Test mutating func `a leaf and the directory of its name are one lock`() {
    #expect(ask(1, ["a/"]))
    #expect(!ask(2, ["a"]))
    #expect(locks.release(1) == [2])
  }

  @Test mutating func `a swap cannot deadlock`() {
    #expect(ask(1, ["a", "b"]))
    #expect(!ask(2, ["b", "a"]))
    #expect(!ask(3, ["b", "c"]))
    #expect(!ask(4, ["c", "a"]))
    #expect(locks.release(1) == [2])
    #expect(locks.release(2) == [3])
    #expect(locks.release(3) == [4])
  }

  @Test mutating func `a path named twice is asked for once`() {
    #expect(ask(1, ["a", "a/", "a"]))
    #expect(!ask(2, ["a"]))
    #expect(locks.release(1) == [2])
  }

  @Test mutating func `a subtree waits for everything below and holds it back`() {
    #expect(ask(1, ["d/x/y"]))
    #expect(!ask(2, ["d", "e"], .subtree))
    #expect(!ask(3, ["d/z"]))
    #expect(!ask(4, ["e/"]))
    #expect(ask(5, ["dx"]))
    #expect(locks.release(1) == [2])
    #expect(locks.release(2) == [3, 4])
  }

  @Test mutating func `subtrees inside each other wait`() {
    #expect(ask(1, ["a/b"], .subtree))
    #expect(!ask(2, ["a"], .subtree))
    #expect(!ask(3, ["a/b/c"], .subtree))
    #expect(locks.release(1) == [2])
    #expect(locks.release(2) == [3])
  }

  @Test mutating func `the root's subtree is everything`() {
    #expect(ask(1, ["a/b"]))
    #expect(!ask(2, [""], .subtree))
    #expect(!ask(3, ["c"]))
    #expect(locks.release(1) == [2])
    #expect(locks.release(2) == [3])
  }

  @Test mutating func `who gives up waiting lets nobody overtake`() {
    #expect(ask(1, ["a"]))
    #expect(!ask(2, ["a", "b"]))
    #expect(!ask(3, ["a"]))
    #expect(!ask(4, ["b"]))
    #expect(locks.release(2).isEmpty)
    #expect(locks.release(1) == [3, 4])
    #expect(locks.release(3).isEmpty)
    #expect(locks.release(4).isEmpty)
    #expect(locks.isEmpty)
  }

  @Test mutating func `an unknown operation holds nothing`() {
    #expect(locks.release(9).isEmpty)
  }

  /// Against the definition: a request runs once no conflicting earlier one is left.
  @Test(arguments: 1...20)
  func `it grants exactly what the definition allows`(seed: UInt64) {
    struct Asked {
      var paths: [RelativePath]
      var scope: PathLocks.Scope
      func conflicts(with other: Asked) -> Bool {
        paths.contains { mine in
          other.paths.contains { theirs in
            mine.asLeaf == theirs.asLeaf || scope == .subtree && theirs.isBelow(mine)
              || other.scope == .subtree && mine.isBelow(theirs)
          }
        }
      }
    }
    var random = SeededRandom(seed)
    let names = ["a", "a/", "a/b", "a/b/c", "a/c/", "b", "b/a", "ab", "c/d/e/f"].map { RelativePath(unchecked: $0) }
    var locks = PathLocks()
    var asked: [(id: UInt64, request: Asked)] = []
    var granted: Set<UInt64> = []
    for id in UInt64(0)..<400 {
      if asked.count < 12 {
        let paths = (0..<Int.random(in: 1...3, using: &random)).map { _ in names.randomElement(using: &random)! }
        let request = Asked(paths: paths, scope: Int.random(in: 0..<4, using: &random) == 0 ? .subtree : .exact)
        asked.append((id, request))
        if locks.request(id, paths, scope: request.scope) { granted.insert(id) }
      }
      if Bool.random(using: &random), let done = granted.sorted().randomElement(using: &random) {
        granted.remove(done)
        asked.removeAll { $0.id == done }
        granted.formUnion(locks.release(done))
      }
      let allowed = asked.indices.filter { index in
        !asked[..<index].contains { $0.request.conflicts(with: asked[index].request) }
      }
      #expect(granted == Set(allowed.map { asked[$0].id }))
    }
  }
}
