import Testing

@testable import SyncModel

@Suite struct PrefixStackTests {
  private var stack = PrefixStack<Int>()

  private mutating func advance(_ path: String) -> [String] {
    stack.advance(to: RelativePath(unchecked: path)).map { $0.path.string + ($0.hadDescendants ? " /" : "") }
  }

  private mutating func push(_ path: String) { stack.push(RelativePath(unchecked: path), 0) }

  @Test mutating func `keys between a leaf and its descendants keep it waiting`() {
    push("a")
    #expect(advance("a!").isEmpty)
    #expect(advance("a.txt").isEmpty)
    #expect(advance("a/x").isEmpty)
    #expect(advance("a/y/z").isEmpty)
    #expect(advance("a0") == ["a /"])
  }

  @Test mutating func `a leaf without descendants is released by the first path beyond`() {
    push("a")
    #expect(advance("b") == ["a"])
    #expect(stack.count == 0)
  }

  @Test mutating func `a marker lies below the leaf`() {
    push("a")
    #expect(advance("a/").isEmpty)
    #expect(stack.finish().map(\.hadDescendants) == [true])
  }

  @Test mutating func `leaves between others come out when they are passed`() {
    push("a")
    #expect(advance("a!").isEmpty)
    push("a!")
    #expect(advance("a.b") == ["a!"])
    push("a.b")
    #expect(advance("a.b/c").isEmpty)
    #expect(advance("b") == ["a", "a.b /"])
  }

  @Test mutating func `the end releases everything in order`() {
    push("a")
    #expect(advance("a.b").isEmpty)
    push("a.b")
    #expect(stack.finish().map(\.path.string) == ["a", "a.b"])
    #expect(stack.finish().isEmpty)
  }

  @Test mutating func `bytes count, not characters`() {
    push("e")
    // A combining accent makes one character with the e, but sorts beyond “e/”.
    #expect(advance("e\u{301}") == ["e"])
  }

  private static func `is`(_ path: RelativePath, below leaf: RelativePath) -> Bool {
    path == leaf.asDirectory || path.isBelow(leaf)
  }

  /// Against the definition, on random sorted streams.
  @Test(arguments: 1...50)
  func `it knows of each leaf whether something lies below`(seed: UInt64) {
    var random = SeededRandom(seed)
    let pieces = ["a", "b", "/", "/", ".", "!", "0", "ü"]
    var paths: Set<RelativePath> = []
    for _ in 0..<60 {
      let text = (0..<Int.random(in: 1...6, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
      if let path = try? RelativePath(validating: text) { paths.insert(path) }
    }
    let stream = paths.sorted()
    var stack = PrefixStack<Int>()
    var released: [RelativePath: Bool] = [:]
    for (index, path) in stream.enumerated() {
      for entry in stack.advance(to: path) {
        #expect(released.updateValue(entry.hadDescendants, forKey: entry.path) == nil)
        #expect(stream[entry.value] == entry.path)
        #expect(!stream[index...].contains { Self.is($0, below: entry.path) }, "released too early")
      }
      #expect(stack.count <= path.string.utf8.count)
      if !path.isDirectory { stack.push(path, index) }
    }
    for entry in stack.finish() { released[entry.path] = entry.hadDescendants }
    let leaves = stream.filter { !$0.isDirectory }
    #expect(released.count == leaves.count)
    for leaf in leaves {
      #expect(released[leaf] == stream.contains { Self.is($0, below: leaf) })
    }
  }
}
