import SyncModel
import Testing

@testable import Simulation

@Suite struct OracleTests {
  /// Seed 55611: a version is replaced by an earlier one that somebody had open, then that is deleted by the node that
  /// had deleted it before. A third node may follow, since what stood there last was given up.
  @Test(arguments: [true, false]) func whatStoodBeforeTheDeletedVersionMayGoToo(isDeleted: Bool) {
    let executor = SimExecutor(seed: 1)
    let oracle = Oracle(executor: executor, isTracing: false)
    let (first, second) = (Array("first".utf8), Array("second".utf8))
    for content in [first, second] { oracle.completes(content) }
    oracle.isKept = { _ in true }
    oracle.moves(first, from: "file", at: "A")
    executor.run(until: 1_000)
    oracle.stores(second, at: "file")
    if isDeleted { oracle.removedRemotely("file", content: first, node: "A") }
    oracle.removedLocally("file", content: second, node: "B")
    #expect(oracle.violations.isEmpty == isDeleted)
  }

  /// Seed 232175: one node renames a file, another one has a hard link of the new name and removes that.
  @Test(arguments: [true, false]) func whoTakesTheLastNameKnowsOnlyOfHisOwn(isMovedElsewhere: Bool) {
    let oracle = Oracle(executor: SimExecutor(seed: 1), isTracing: false)
    let content = Array("content".utf8)
    oracle.completes(content)
    oracle.places = { _ in ["old", "new"] }
    if isMovedElsewhere {
      oracle.names(content, as: "new", at: "B")
      oracle.moves(content, from: "old", at: "B")
    }
    #expect(oracle.superseded.count == 1)
    oracle.moves(content, from: "new", at: "A")
    #expect(oracle.superseded.contains(SimContent.hash(content)) == isMovedElsewhere)
  }

  /// Seed 2212621: A gives a file another name, B moves it back to the first one before A's deletion of that has crossed.
  /// B's file equals the object, so B sends nothing, and A's deletion crosses.
  @Test(arguments: [true, false]) func whoMovesBackUnheardKeepsNothing(hasObject: Bool) {
    let oracle = Oracle(executor: SimExecutor(seed: 1), isTracing: false)
    let content = Array("content".utf8)
    oracle.completes(content)
    oracle.places = { _ in ["old", "new"] }
    oracle.bucketHolds = { path, _ in hasObject && path == "old" }
    oracle.names(content, as: "new", at: "A")
    oracle.moves(content, from: "old", at: "A")
    oracle.names(content, as: "old", at: "B")
    oracle.moves(content, from: "new", at: "B")
    #expect(oracle.superseded.contains(SimContent.hash(content)) == hasObject)
  }

  /// Seed 40100571: A moves a file to another volume and back, while B, who had written on, has sent nothing yet. A's
  /// file equals the object, so A sends nothing, and B's version comes.
  @Test(arguments: [true, false]) func whoBringsAnOldVersionBackUnheardKeepsNothing(hasObject: Bool) {
    let oracle = Oracle(executor: SimExecutor(seed: 1), isTracing: false)
    let content = Array("content".utf8)
    oracle.completes(content)
    oracle.bucketHolds = { path, _ in hasObject && path == "old" }
    oracle.supersedes(content, at: "old", by: "B")
    for (source, target) in [("old", "new"), ("new", "old")] as [(RelativePath, RelativePath)] {
      oracle.deletes(content, at: source, by: "A")
      oracle.restores(content, at: target, node: "A")
      if target == "new" { #expect(oracle.superseded.contains(SimContent.hash(content)) == false) }
    }
    #expect(oracle.superseded.contains(SimContent.hash(content)) == hasObject)
  }

  /// Seeds 40088223, 40102895: a link that leads out must be read to know it, which is no transfer at any moment.
  @Test func aLinkThatIsBeingReadIsNoTransfer() throws {
    let stage = Stage()
    let node = stage.node()
    let link = EntryMetadata(kind: .symlink)
    try stage.server.put("link", Array("../outside".utf8), metadata: link, ifMatch: nil)
    stage.put("file", "content")
    stage.start(node)
    var isSeen = false
    while node.text("file") == nil || !stage.saw("link is not synced") {
      stage.advance(.milliseconds(1))
      isSeen = isSeen || stage.saw("download of link begins")
      #expect(stage.oracle.transfers <= 1)
      try #require(stage.executor.now < 60_000_000_000)
    }
    stage.advance(.seconds(1))
    #expect(isSeen)
    #expect(stage.oracle.transfers == 1)
  }
}
