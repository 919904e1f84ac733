import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// What a remote feed tells the engine, and what it need not tell.
@Suite struct RemoteHintTests {
  private static func options(_ node: SimNode) -> EngineOptions {
    var options = node.options
    options.poll = .seconds(10)
    options.fullPassInterval = .seconds(600)
    return options
  }

  /// A node that hears of changes, at rest.
  private static func live(_ stage: Stage, _ node: SimNode) -> Run {
    let run = stage.run(node, options(node))
    stage.advance(.seconds(15))
    run.ask(stage) { await $0.feedChanged(isLive: true) }
    stage.advance(.seconds(15))
    return run
  }

  private static func passes(_ run: Run) -> Int {
    run.events.count { if case .passStarted = $0 { true } else { false } }
  }

  @Test func aHintIsFollowedAtOnce() {
    let stage = Stage()
    let node = stage.node()
    let run = Self.live(stage, node)
    let passes = Self.passes(run)
    stage.put("d/e/file", "there")
    stage.put("other", "there")
    run.ask(stage) { await $0.hint(remote: ["d/e/file", "nothing", "d/"]) }
    stage.advance(.seconds(3))
    #expect(node.text("d/e/file") == "there" && node.text("other") == nil)

    stage.put("d/e/file", "newer")
    run.ask(stage) { await $0.hint(remote: ["d/e/file", "d/e/file"]) }
    stage.advance(.seconds(3))
    #expect(node.text("d/e/file") == "newer")

    // With the folders that nothing else names.
    try? stage.server.delete("d/e/file", ifMatch: nil)
    run.ask(stage) { await $0.hint(remote: ["d/", "d/e/", "d/e/file"]) }
    stage.advance(.seconds(15))
    #expect(node.names.isEmpty && node.disk.lookup("d") == nil)
    #expect(Self.passes(run) == passes)
    run.stop(stage)
  }

  /// Seed 17057349: what had changed in the second of the version that is here was taken into the row, not into the
  /// folder.
  @Test func anotherModeOfTheSameSecondArrives() throws {
    let stage = Stage()
    let node = stage.node()
    let run = Self.live(stage, node)
    func put(mode: UInt32) throws -> SimObject {
      try stage.server.put(
        "file", Array("there".utf8), metadata: EntryMetadata(kind: .file, mode: mode), ifMatch: nil,
        isConditional: false)
    }
    let first = try put(mode: 0o644)
    run.ask(stage) { await $0.hint(remote: ["file"]) }
    stage.advance(.milliseconds(500))
    #expect(node.disk.lookup("file")?.mode == 0o644)
    let second = try put(mode: 0o600)
    #expect(first.etag == second.etag && first.lastModified == second.lastModified)
    run.ask(stage) { await $0.hint(remote: ["file"]) }
    stage.advance(.seconds(3))
    #expect(node.disk.lookup("file")?.mode == 0o600)
    run.stop(stage)
  }

  @Test func aLiveFeedMakesListingsRare() {
    let stage = Stage()
    let node = stage.node()
    let run = stage.run(node, Self.options(node))
    stage.advance(.seconds(60))
    #expect(Self.passes(run) > 4)
    // The change itself is followed by a look: nobody heard of what happened before.
    let before = Self.passes(run)
    run.ask(stage) { await $0.feedChanged(isLive: true) }
    stage.put("unheard", "there")
    stage.advance(.seconds(300))
    #expect(Self.passes(run) == before + 1)
    #expect(node.text("unheard") == "there")
    // What a feed loses the full pass finds.
    stage.put("lost", "there")
    stage.advance(.seconds(200))
    #expect(node.text("lost") == nil)
    stage.advance(.seconds(200))
    #expect(node.text("lost") == "there")
    #expect(Self.passes(run) <= before + 2)

    let rare = Self.passes(run)
    stage.put("during the fall", "there")
    run.ask(stage) { await $0.feedChanged(isLive: false) }
    stage.advance(.seconds(3))
    #expect(node.text("during the fall") == "there")
    stage.advance(.seconds(60))
    #expect(Self.passes(run) > rare + 4)
    run.stop(stage)
  }

  /// Each poll walks a folder that is not watched, so nothing makes polls rare there.
  @Test func withoutAWatchPollsGoOn() {
    let stage = Stage()
    var traits = LocalTraits()
    traits.hasWatcher = false
    let node = stage.node(traits: traits)
    let run = Self.live(stage, node)
    let before = Self.passes(run)
    stage.advance(.seconds(60))
    #expect(Self.passes(run) > before + 3)
    run.stop(stage)
  }

  @Test func moreHintsThanAreRememberedMakeALookAtEverything() {
    let stage = Stage()
    let node = stage.node()
    let run = Self.live(stage, node)
    let passes = Self.passes(run)
    stage.put("last", "there")
    let paths = (0..<50_001).map { RelativePath(unchecked: "x/\($0)") }
    run.ask(stage) { await $0.hint(remote: paths + ["last"]) }
    stage.advance(.seconds(10))
    #expect(Self.passes(run) == passes + 1)
    #expect(node.text("last") == "there")
    run.stop(stage)
  }

  /// Nobody knows where: once, with a live feed or without.
  @Test(arguments: [false, true]) func whoeverAsksForALookGetsIt(isLive: Bool) {
    let stage = Stage()
    let node = stage.node()
    var options = Self.options(node)
    options.poll = .seconds(3600)
    let run = stage.run(node, options)
    stage.advance(.seconds(15))
    if isLive { run.ask(stage) { await $0.feedChanged(isLive: true) } }
    stage.advance(.seconds(15))
    let before = Self.passes(run)
    stage.put("unheard", "there")
    run.ask(stage) { await $0.lookAtBucket() }
    stage.advance(.seconds(10))
    #expect(node.text("unheard") == "there")
    #expect(Self.passes(run) == before + 1)
    run.stop(stage)
  }

  /// Two nodes whose feeds lose, double, delay and reorder what they tell.
  @Test(arguments: 1...8 as ClosedRange<UInt64>) func aBadFeedChangesNothingInTheEnd(_ seed: UInt64) {
    let stage = Stage()
    var random = SeededGenerator(seed: seed)
    let nodes = [stage.node(), stage.node()]
    let runs = nodes.map { Self.live(stage, $0) }
    var underWay: [(due: Int, node: Int, path: RelativePath)] = []
    var known = stage.server.objects.mapValues(\.etag)
    for step in 0..<1200 {
      if step < 600, random.next() % 4 == 0 {
        let path = RelativePath(unchecked: "d\(random.next() % 2)/f\(random.next() % 5)")
        let node = nodes[Int(random.next() % 2)]
        switch random.next() % 4 {
        case 0: stage.put(path.string, "somebody \(step)")
        case 1: try? stage.server.delete(path.string, ifMatch: nil)
        default: node.disk.lookup(path) == nil ? node.write(path, "\(step)") : node.rewrite(path, "again \(step)")
        }
      }
      stage.advance(.milliseconds(100))
      let now = stage.server.objects.mapValues(\.etag)
      for key in Set(known.keys).union(now.keys).sorted() where known[key] != now[key] {
        let path = RelativePath(unchecked: key)
        for node in 0..<2 {
          for _ in 0..<(random.next() % 3) {
            underWay.append((step + Int(random.next() % 200), node, path))
          }
        }
      }
      known = now
      for event in underWay where event.due == step {
        runs[event.node].ask(stage) { await $0.hint(remote: [event.path] + event.path.ancestors) }
      }
    }
    // What was lost is found by the next full pass.
    stage.advance(.seconds(1300))
    let files = Set(stage.server.objects.keys.filter { !$0.hasSuffix("/") })
    #expect(!files.isEmpty)
    for node in nodes {
      #expect(Set(node.names) == files)
      for key in files { #expect(node.text(RelativePath(unchecked: key)) == stage.text(key)) }
    }
    for run in runs { run.stop(stage) }
  }

  @Test func whatIsExcludedIsNotRemembered() {
    let stage = Stage()
    let node = stage.node { $0.filters = Filters(rules: [.exclude("no*")]) }
    let run = Self.live(stage, node)
    run.ask(stage) { await $0.hint(remote: ["no", "yes"]) }
    let remembered = run.ask(stage) { await $0.remoteNews }
    #expect(!remembered.contains("no"))
    run.stop(stage)
  }
}
