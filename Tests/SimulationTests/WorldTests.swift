import Simulation
import Testing

@Suite struct WorldTests {
  /// A few histories as they run without optimisation; `simulate` runs thousands.
  @Test(arguments: 0..<24 as Range<UInt64>) func invariantsHold(seed: UInt64) {
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

  /// What is left of a failing history fails for the same reason, and replays.
  @Test func aFailingSeedIsMadeShort() throws {
    let failing = (0..<100 as Range<UInt64>).lazy.map { World(seed: $0, sabotage: .serverIgnoresConditions).run() }
      .first { !$0.violations.isEmpty }
    let report = try #require(failing)
    let short = Shrinking(report, without: PartList(), sabotage: .serverIgnoresConditions, maximumRuns: 60)
    #expect(short.report.parts.count < report.parts.count)
    #expect(short.report.violations.first?.prefix(3) == report.violations.first?.prefix(3))
    let parsed = try #require(PartList(parsing: short.without.description))
    #expect(parsed == short.without)
    let again = World(seed: report.seed, without: parsed, sabotage: .serverIgnoresConditions).run()
    #expect(again.traceHash == short.report.traceHash)
  }

  /// Decisions do not shift when a part is left out.
  @Test func whatRemainsOfAHistoryDecidesAsBefore() {
    let whole = World(seed: 5, isTracing: true).run()
    let actions = whole.parts.filter { $0.hasPrefix("action:A:") }
    let shorter = World(seed: 5, without: PartList(actions), isTracing: true).run()
    #expect(!actions.isEmpty)
    #expect(shorter.parts.filter { $0.hasPrefix("action:B:") } == whole.parts.filter { $0.hasPrefix("action:B:") })
    #expect(!shorter.parts.contains { $0.hasPrefix("action:A:") })
    #expect(shorter.trace?.first == whole.trace?.first)
  }

  @Test(arguments: ["a:3-1", "a:x-2", "a:1-999999999"]) func aRangeThatIsNoneIsRefused(text: String) {
    #expect(PartList(parsing: text) == nil)
  }

  /// The oracle can fail: with a safeguard turned off it must.
  @Test(arguments: Sabotage.allCases) func aMissingSafeguardIsNoticed(sabotage: Sabotage) {
    let noticed = (0..<100 as Range<UInt64>).first { !World(seed: $0, sabotage: sabotage).run().violations.isEmpty }
    #expect(noticed != nil, "100 seeds without \(sabotage) found nothing")
  }
}
