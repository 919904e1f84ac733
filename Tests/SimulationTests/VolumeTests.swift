import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// A second volume inside the root.
@Suite struct VolumeTests {
  /// Seed 2301: where nothing watches the mounts nobody let go of the one that was gone, and the run found its own
  /// lock in the way for ever.
  @Test(arguments: [true, false]) func aVolumeThatWasAwayIsSyncedAgain(hasWatcher: Bool) {
    let stage = Stage()
    var traits = LocalTraits()
    traits.hasVolume = true
    traits.hasWatcher = hasWatcher
    let node = stage.node(traits: traits) { $0.poll = .seconds(5) }
    stage.put("other", "other")
    stage.put("m/there", "there")
    stage.start(node)
    stage.advance(.seconds(20))
    #expect(node.text("m/there") == "there")

    node.disk.unmount()
    stage.advance(.seconds(20))
    #expect(node.text("m/there") == nil)
    #expect(stage.text("m/there") == "there")

    node.disk.mountAgain()
    node.write("m/new", "new")
    stage.advance(.seconds(120))
    #expect(node.text("m/there") == "there")
    #expect(stage.text("m/there") == "there")
    #expect(stage.text("m/new") == "new")
  }

  /// Seed 7024623: the empty folder of a volume that was away went with its last file elsewhere, was made again for a
  /// new one, and the volume came back over that.
  @Test func theFolderOfAVolumeThatIsAwayStays() throws {
    let stage = Stage()
    var traits = LocalTraits()
    traits.hasVolume = true
    let node = stage.node(traits: traits) { $0.poll = .seconds(5) }
    stage.put("other", "other")
    stage.put("m/there", "there")
    stage.start(node)
    stage.advance(.seconds(20))
    node.disk.unmount()
    stage.advance(.seconds(20))
    try stage.server.delete("m/there", ifMatch: nil)
    stage.advance(.seconds(60))
    #expect(!stage.saw("m/, directory: present × absent → removeLocalDirectory"))
    stage.put("m/new", "new")
    stage.advance(.seconds(60))
    node.disk.mountAgain()
    stage.advance(.seconds(400))
    #expect(node.text("m/new") == "new" && node.text("m/there") == nil)
    #expect(stage.server.sortedKeys == ["m/new", "other"])
  }

  /// What waits for a volume is told while it does, once for each folder.
  @Test func aVolumeThatIsAwayIsToldOf() {
    let stage = Stage()
    var traits = LocalTraits()
    traits.hasVolume = true
    let node = stage.node(traits: traits) {
      $0.poll = .seconds(5)
      $0.fullPassInterval = .seconds(30)
    }
    stage.put("other", "other")
    for number in 0..<5 { stage.put("m/d/\(number)", "there") }
    let run = stage.run(node, node.options)
    stage.advance(.seconds(60))
    #expect(run.status(stage).quarantined.isEmpty)
    node.disk.unmount()
    stage.advance(.seconds(60))
    let told = run.status(stage).quarantined
    #expect(told.map(\.name) == ["m/"])
    #expect(told.first?.reason.contains("until it is mounted here again") == true)
    node.disk.mountAgain()
    stage.advance(.seconds(60))
    #expect(run.status(stage).quarantined.isEmpty && node.text("m/d/4") == "there")
    run.stop(stage)
  }

  /// Seed 20045804: what was written into a version that was displaced on the volume stayed in its trash, since the
  /// volume was away when a conflict copy was to be made.
  @Test func whatWasWrittenLateComesBackWithItsVolume() throws {
    let stage = Stage()
    var traits = LocalTraits()
    traits.hasVolume = true
    traits.hasLeases = false
    let node = stage.node(traits: traits) { $0.poll = .seconds(5) }
    stage.put("other", "other")
    stage.put("m/there", "there")
    stage.put("m/stays", "stays")
    stage.start(node)
    stage.advance(.seconds(20))
    let inode = try #require(node.disk.lookup("m/there"))
    stage.put("m/there", "newer")
    for _ in 0..<10_000 where node.text("m/there") != "newer" { stage.advance(.milliseconds(1)) }
    node.disk.openForWriting(inode)
    node.disk.write(Array("late".utf8), to: inode, openedAs: "m/there")
    node.disk.close(inode, openedAs: "m/there")
    node.disk.unmount()
    stage.advance(.seconds(30))
    node.disk.mountAgain()
    stage.advance(.seconds(120))
    #expect(stage.server.objects.values.contains { $0.content == Array("late".utf8) })
    #expect(node.text("m/there") == "newer")
  }

  /// Runs with --once ended before they looked at what was displaced on the volume (seed 608193).
  @Test func aShortRunBringsBackWhatWasWrittenLate() throws {
    let stage = Stage()
    var traits = LocalTraits()
    traits.hasVolume = true
    traits.hasLeases = false
    let node = stage.node(traits: traits) { $0.once = true }
    stage.put("other", "other")
    stage.put("m/there", "there")
    stage.put("m/stays", "stays")
    stage.start(node)
    stage.advance(.seconds(20))
    let inode = try #require(node.disk.lookup("m/there"))
    try stage.server.delete("m/there", ifMatch: nil)
    stage.start(node)
    stage.advance(.seconds(20))
    #expect(node.text("m/there") == nil)

    // One who had found it before.
    node.disk.openForWriting(inode)
    node.disk.write(Array("late".utf8), to: inode, openedAs: "m/there")
    node.disk.close(inode, openedAs: "m/there")
    for _ in 0..<2 {
      stage.start(node)
      stage.advance(.seconds(20))
    }
    #expect(stage.server.objects.values.contains { $0.content == Array("late".utf8) })
  }
}
