import Simulation
import Testing

@Suite struct WorldTests {
  /// I1, I3, I5 and I7 over many histories; `simulate --seeds A..<B` runs more.
  @Test(arguments: 0..<200 as Range<UInt64>) func invariantsHold(seed: UInt64) {
    let report = World(seed: seed).run()
    #expect(report.violations.isEmpty, "\(report.summary)")
  }

  @Test(arguments: [3, 14, 159] as [UInt64]) func aSeedReplaysExactly(seed: UInt64) {
    let first = World(seed: seed, isTracing: true).run()
    let second = World(seed: seed, isTracing: true).run()
    #expect(first.traceHash == second.traceHash)
    #expect(first.trace == second.trace)
    #expect(first.counters == second.counters)
    #expect(first.traceHash != World(seed: seed + 1).run().traceHash)
  }

  @Test func theSeedsReachWhatTheyShall() {
    var counters: [String: Int] = [:]
    for seed in 0..<40 as Range<UInt64> { counters.merge(World(seed: seed).run().counters, uniquingKeysWith: +) }
    for name in [
      "world crash", "remote conditionFailed", "remote raced", "remote outcomeUnknown", "remote throttled",
      "remote unreachable", "remote upload completed", "remote part resumed", "remote late effect", "local busy",
      "local changed", "engine conflict", "engine install", "engine put", "engine delete", "engine remove",
      "engine copy", "engine metadata", "engine mkdir", "engine rmdir", "bucket put", "bucket delete",
    ] {
      #expect(counters[name, default: 0] > 0, "\(name) never happened")
    }
  }

  /// The oracle can fail: with a safeguard turned off it must.
  @Test(arguments: Sabotage.allCases) func aMissingSafeguardIsNoticed(sabotage: Sabotage) {
    let noticed = (0..<100 as Range<UInt64>).first { !World(seed: $0, sabotage: sabotage).run().violations.isEmpty }
    #expect(noticed != nil, "100 seeds without \(sabotage) found nothing")
  }
}
