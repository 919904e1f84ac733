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
}
