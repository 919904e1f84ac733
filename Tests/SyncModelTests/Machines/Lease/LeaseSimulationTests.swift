import Testing

@testable import SyncModel

/// Many nodes over one lock object; a failing seed is an argument to be run again.
@Suite struct LeaseSimulationTests {
  private static let minute = 60 * leaseSecond

  private static let everything = LeaseWorld.Faults(
    lostRequests: 5, lostReplies: 5, lateLandings: 3, stops: 10, kills: 5, drift: 50)

  @Test(arguments: 0..<12 as Range<UInt64>) func neverTwoHolders(seed: UInt64) {
    var world = LeaseWorld(
      seed: seed, nodes: 2 + Int(seed % 7), timeout: [3, 10, 60][Int(seed % 3)] * leaseSecond, deletes: seed % 5 != 0,
      load: seed % 2 == 0 ? 100 : 1000, faults: Self.everything)
    world.run(until: 10 * Self.minute)
    #expect(world.violations == [], "seed \(seed)")
    #expect(world.commits.reduce(0, +) > 20, "seed \(seed)")
  }

  /// Nothing fails but that a holder is gone: somebody else is in after the timeout and 5 s.
  @Test(arguments: 0..<8 as Range<UInt64>) func whoWaitsEntersWithinTheTimeoutAndFiveSeconds(seed: UInt64) {
    let timeout = [2, 10, 60, 120][Int(seed % 4)] * leaseSecond
    var world = LeaseWorld(
      seed: seed, nodes: 6, timeout: timeout, load: 300,
      faults: LeaseWorld.Faults(stops: 20, kills: 20))
    world.run(until: 20 * Self.minute)
    #expect(world.violations == [], "seed \(seed)")
    #expect(world.longestVacancy <= timeout + 5 * leaseSecond, "seed \(seed): \(world.longestVacancy)")
    #expect(world.takeovers > 0)
  }

  /// Everybody has more to do than he can: all have their turns.
  @Test func turnsAreFair() {
    var world = LeaseWorld(seed: 1, nodes: 12, load: 1000, faults: LeaseWorld.Faults(longCommits: 0))
    world.run(until: 10 * Self.minute)
    #expect(world.violations == [])
    #expect(world.longestVacancy < 3 * leaseSecond)
    let (least, most) = (world.commits.min() ?? 0, world.commits.max() ?? 0)
    #expect(least * 2 > most, "\(world.commits)")
    #expect(world.longestWait < 240 * leaseSecond, "\(world.longestWait / leaseSecond) s")
  }

  @Test(arguments: 0..<8 as Range<UInt64>) func noLiveLockOfTheScriptIsTaken(seed: UInt64) {
    var faults = seed % 2 == 0 ? LeaseWorld.Faults() : Self.everything
    // Who watches with a clock that is 5 % fast takes what is 57 s old.
    faults.drift = 0
    var world = LeaseWorld(seed: seed, nodes: 3, scripts: 2, faults: faults)
    world.run(until: 30 * Self.minute)
    #expect(world.violations == [], "seed \(seed)")
    #expect(world.scriptTurns > 5 && world.commits.reduce(0, +) > 50, "\(world.scriptTurns), \(world.commits)")
  }
}
