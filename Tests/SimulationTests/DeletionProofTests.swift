import SyncEngine
import SyncModel
import Testing

@testable import Simulation

/// What proves a deletion, and what does not (I7, I8).
@Suite struct DeletionProofTests {
  /// Two files were deleted elsewhere; before that crossed, one was written anew here and sent. A listing that showed
  /// nothing proved the absence of the new version, too (seed 307852).
  @Test(arguments: [4, 5, 6] as [Int]) func aFileThatWasSentAfterItsDeletionWasPlannedStays(_ others: Int) {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    for key in ["g/file", "h/file"] { stage.put(key, "one") }
    for number in 0...others { stage.put("other\(number)", "other") }
    stage.start(node)
    stage.advance(.seconds(20))
    for key in ["g/file", "h/file"] { try? stage.server.delete(key, ifMatch: nil) }
    for _ in 0..<1_000 where !stage.saw("× absent → deleteLocal") { stage.advance(.milliseconds(10)) }
    // The folders have two seconds to be filled again.
    node.rewrite("g/file", "another")
    for _ in 0..<150 where stage.text("g/file") == nil { stage.advance(.milliseconds(10)) }
    #expect(stage.text("g/file") == "another")
    stage.weather.plan(.emptyListing, of: nil, from: stage.executor.now, lasting: 5_000_000_000)
    for _ in 0..<100 {
      stage.advance(.milliseconds(50))
      #expect(node.text("g/file") == "another")
    }
    stage.advance(.seconds(60))
    #expect(node.names == ["g/file"] + (0...others).map { "other\($0)" })
    #expect(stage.server.sortedKeys == node.names)
  }

  /// What was deleted here while the listing showed nothing left the base by the pass that halted: with one file left
  /// the halt ended, and the file was deleted (seed 301151).
  @Test(arguments: 0..<12 as Range<Int>) func anEmptyListingDeletesNothingHoweverFewFilesAreLeft(_ moment: Int) {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.fullPassInterval = .seconds(5)
    }
    for key in ["a", "b", "c", "last"] { stage.put(key, "content of \(key)") }
    stage.start(node)
    stage.advance(.seconds(20))
    stage.weather.plan(.emptyListing, of: nil, from: stage.executor.now, lasting: 60_000_000_000)
    stage.advance(.seconds(10))
    #expect(stage.status(of: node)?.deletionsHalted != nil)
    stage.advance(.milliseconds(500 * moment))
    for name in ["a", "b", "c"] as [RelativePath] { node.disk.remove(name) }
    for _ in 0..<150 {
      stage.advance(.milliseconds(100))
      #expect(node.text("last") != nil)
    }
    stage.advance(.seconds(120))
    #expect(node.text("last") == "content of last")
    #expect(stage.status(of: node)?.deletionsHalted == nil)
  }

  /// Equal contents that were sent while the listing showed nothing excused the deletions as moves (seed 709575).
  @Test func toAnEmptyListingNothingHasMoved() {
    let stage = Stage()
    var traits = LocalTraits()
    traits.hasWatcher = false
    let node = stage.node(traits: traits) {
      $0.poll = .seconds(5)
      $0.fullPassInterval = .seconds(5)
    }
    for key in ["a", "b"] { stage.put(key, "content of \(key)") }
    stage.start(node)
    stage.advance(.seconds(20))
    stage.weather.plan(.emptyListing, of: nil, from: stage.executor.now, lasting: 60_000_000_000)
    for name in ["a", "b"] { node.write(RelativePath(unchecked: "copy of \(name)"), "content of \(name)") }
    for _ in 0..<100 {
      stage.advance(.milliseconds(500))
      #expect(node.text("a") != nil && node.text("b") != nil)
    }
    stage.advance(.seconds(120))
    #expect(stage.server.sortedKeys == ["a", "b", "copy of a", "copy of b"])
  }

  /// Where there are no leases nothing tells of a write that comes in the last moment and puts size and time back: what
  /// is found in the trash comes back beside (seeds 305275, 203213).
  @Test func anUnnoticedWriteBeforeADeletionIsKeptBeside() throws {
    let stage = Stage()
    var traits = LocalTraits()
    traits.hasLeases = false
    let node = stage.node(traits: traits) { $0.poll = .seconds(5) }
    for key in ["file", "other"] { stage.put(key, "before") }
    stage.start(node)
    stage.advance(.seconds(20))
    let inode = try #require(node.disk.lookup("file"))
    let oracle = stage.oracle
    stage.oracle.deletes(Array("before".utf8), at: "file", by: "A")
    try stage.server.delete("file", ifMatch: nil)
    let program = SimTask(on: SimLane(of: stage.executor)) {
      // Recorded, then verified.
      await node.interference.wait(.commit(isNext: true), atMost: 60_000_000_000)
      await node.interference.wait(.commit(isNext: true), atMost: 60_000_000_000)
      let modified = inode.modified
      node.rewrite("file", "after!")
      node.disk.setModified(modified, of: "file")
      oracle.completes(Array("after!".utf8))
    }
    stage.advance(.seconds(60))
    #expect(program.isDone)
    #expect(node.disk.lookup("file") == nil)
    #expect(node.disk.leaves().filter { $0.inode.content == Array("after!".utf8) }.count == 1)
    #expect(stage.server.objects.values.filter { $0.content == Array("after!".utf8) }.count == 1)
    #expect(stage.oracle.counters["local unnoticed write displaced"] == 1)
    #expect(stage.oracle.violations == [])
  }

  /// Whatever a pass sees of folders on their way to other names: nothing was deleted.
  @Test(arguments: 0..<40 as Range<Int>) func movedFoldersHaltNothing(_ moment: Int) {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(1)
      $0.fullPassInterval = .seconds(moment % 2 == 0 ? 1 : 10_000)
    }
    for number in 0..<5 { node.disk.create(RelativePath(unchecked: "d\(number)/"), .directory) }
    for number in 0..<60 { node.write(RelativePath(unchecked: "d\(number % 5)/file\(number)"), "content \(number)") }
    stage.start(node)
    stage.advance(.seconds(20))
    stage.advance(.milliseconds(25 * moment))
    for number in 0..<5 {
      node.disk.rename(RelativePath(unchecked: "d\(number)/"), to: RelativePath(unchecked: "moved\(number)/"))
    }
    for _ in 0..<200 {
      stage.advance(.milliseconds(100))
      #expect(stage.status(of: node)?.deletionsHalted == nil)
    }
    #expect(stage.server.sortedKeys.count { !$0.hasSuffix("/") && $0.hasPrefix("moved") } == 60)
    #expect(stage.server.sortedKeys.count { !$0.hasSuffix("/") } == 60)
  }
}
