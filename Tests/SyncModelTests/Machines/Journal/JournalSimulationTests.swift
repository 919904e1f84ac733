import Testing

@testable import SyncModel

/// Many nodes over one journal; a failing seed is an argument to be run again.
@Suite struct JournalSimulationTests {
  /// All times shorter, so that entries grow old within a test.
  private static let brief: JournalTiming = {
    var timing = JournalTiming()
    timing.retention = 120 * journalSecond
    timing.silence = 10 * journalSecond
    timing.listing = 20 * journalSecond
    timing.longestBacklog = 40
    timing.backoff = Backoff(base: journalSecond, cap: 5 * journalSecond)
    return timing
  }()

  private static func world(_ seed: UInt64, _ faults: JournalWorld.Faults) -> JournalWorld {
    let load = [50, 500, 5000][Int(seed / 3 % 3)]
    var world = JournalWorld(seed: seed, nodes: 2 + Int(seed % 4), load: load, timing: brief, faults: faults)
    world.run(for: 600 * journalSecond)
    // Nothing more happens, and what is under way lands.
    world.load = 0
    world.faults = JournalWorld.Faults()
    world.run(for: 700 * journalSecond)
    return world
  }

  /// Whatever happens to requests and nodes, every change reaches every reader, or he looks at everything after it.
  @Test(arguments: 0..<8 as Range<UInt64>) func everyChangeReachesEveryReader(seed: UInt64) {
    let world = Self.world(
      seed,
      JournalWorld.Faults(lostRequests: 5, lostReplies: 5, lateLandings: 3, stops: 5, kills: 5, drift: 30))
    #expect(world.unheard() == [], "seed \(seed)")
    #expect(world.changed.count > 10, "seed \(seed)")
  }

  /// Somebody else removes entries, all of them at once.
  @Test(arguments: 0..<8 as Range<UInt64>) func whoLosesTheJournalLooksAtEverything(seed: UInt64) {
    let world = Self.world(seed, JournalWorld.Faults(stops: 3, wipes: 15, drift: 30))
    #expect(world.unheard() == [], "seed \(seed)")
    #expect(world.coverage["wipe", default: 0] > 0 && world.coverage["look at everything", default: 0] > 0)
  }

  @Test func theFaultsOccur() {
    var coverage: [String: Int] = [:]
    for seed in 0..<3 as Range<UInt64> {
      let faults = JournalWorld.Faults(
        lostRequests: 5, lostReplies: 5, lateLandings: 3, stops: 5, kills: 5, wipes: 3, drift: 30)
      coverage.merge(Self.world(seed, faults).coverage, uniquingKeysWith: +)
    }
    for fault in ["race", "collection", "stop", "kill", "wipe", "folder", "look at everything", "entry"] {
      #expect(coverage[fault, default: 0] > 0, "\(fault): \(coverage)")
    }
  }

  /// Where nothing fails nobody looks at everything, and news are quick.
  @Test func withoutFaultsNewsAreQuick() {
    var world = JournalWorld(seed: 1, nodes: 6, load: 300, timing: JournalTiming())
    world.run(for: 10 * journalSecond)
    // Whoever begins looks at everything.
    let looks = world.coverage["look at everything"]
    world.run(for: 300 * journalSecond)
    world.load = 0
    world.run(for: 30 * journalSecond)
    #expect(world.unheard() == [])
    #expect(world.coverage["look at everything"] == looks)
    #expect(world.nodes.allSatisfy { $0.machine.gaps == 0 })
    // Half a second until it is read, and the time of the requests; more where nodes write at the same moment.
    #expect(world.longestDelay < 4 * journalSecond, "\(world.longestDelay)")
  }

  @Test func whoIsIdleAsksRarely() {
    var world = JournalWorld(seed: 1, nodes: 2, load: 300, timing: JournalTiming())
    world.run(for: 10 * journalSecond)
    world.load = 0
    world.run(for: 20 * journalSecond)
    func requests() -> [String: Int] { world.nodes[0].requests }
    var before = requests()
    world.run(for: 300 * journalSecond)
    #expect(requests()["read"]! - before["read"]! <= 210)
    #expect(requests()["list"]! - before["list"]! <= 5)
    world.run(for: 3600 * journalSecond)
    before = requests()
    world.run(for: 600 * journalSecond)
    #expect(requests()["read"]! - before["read"]! <= 125)
    #expect(requests()["append"] == before["append"])
  }
}
