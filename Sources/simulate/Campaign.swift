import Dispatch
import Glibc
import Simulation
import Synchronization

/// Many seeds on several threads: worlds know nothing of each other.
final class Campaign: Sendable {
  struct Results {
    var next: UInt64
    var done = 0
    var steps = 0
    var failed: [UInt64] = []
    var counters: [String: Int] = [:]
  }

  /// Failures after these are counted, but not shown.
  private static let shown = 5

  private let arguments: Arguments
  private let clock = ContinuousClock()
  private let began: ContinuousClock.Instant
  private let results: Mutex<Results>

  init(_ arguments: Arguments) {
    self.arguments = arguments
    began = clock.now
    results = Mutex(Results(next: arguments.seeds.lowerBound))
  }

  func run() -> Results {
    DispatchQueue.concurrentPerform(
      iterations: Int(min(UInt64(arguments.jobs), arguments.seeds.upperBound - arguments.seeds.lowerBound))
    ) { _ in
      while let seed = take() { judge(World(seed: seed, without: arguments.without).run()) }
    }
    return results.withLock { $0 }
  }

  var seconds: Double { (clock.now - began) / .seconds(1) }

  private func take() -> UInt64? {
    if let minutes = arguments.minutes, seconds > minutes * 60 { return nil }
    return results.withLock { results in
      if arguments.endsAtFailure, !results.failed.isEmpty { return nil }
      guard results.next < arguments.seeds.upperBound else { return nil }
      defer { results.next += 1 }
      return results.next
    }
  }

  private func judge(_ report: WorldReport) {
    let isShown = results.withLock { results in
      results.done += 1
      results.steps += report.steps
      results.counters.merge(report.counters, uniquingKeysWith: +)
      if !report.violations.isEmpty { results.failed.append(report.seed) }
      return !report.violations.isEmpty && results.failed.count <= Self.shown
    }
    if !isShown { return }
    let text = story(of: report)
    results.withLock { _ in
      print(text)
      fflush(nil)
    }
  }

  /// A failing seed with the trace of what is left of it.
  private func story(of report: WorldReport) -> String {
    guard arguments.shrinks else { return report.summary }
    let short = Shrinking(report, without: arguments.without)
    let told = World(seed: report.seed, without: short.without, isTracing: true).run()
    let lines = [
      "seed \(report.seed) fails: \(report.violations.prefix(3).joined(separator: "; "))",
      "after leaving out \(report.parts.count - told.parts.count) of \(report.parts.count) parts "
        + "(\(short.runs) runs): \(told.violations.prefix(3).joined(separator: "; "))",
    ]
    return
      (lines + ["what is left: \(told.parts.joined(separator: " "))"] + (told.trace ?? []) + [
        "replay: \(short.command)"
      ]).joined(separator: "\n")
  }
}
