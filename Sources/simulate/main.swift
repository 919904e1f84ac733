import Glibc
import Simulation

// A seed tells the same history in every process: by default each one has sets in an order of its own.
if getenv("SWIFT_DETERMINISTIC_HASHING") == nil {
  setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
  execv("/proc/self/exe", CommandLine.unsafeArgv)
}

// `simulate --seeds A..<B` runs many histories; `simulate --seed N --trace` tells one.
guard let arguments = Arguments(Array(CommandLine.arguments.dropFirst())) else {
  print(Arguments.usage)
  exit(64)
}

if arguments.isTracing {
  let report = World(seed: arguments.seeds.lowerBound, without: arguments.without, isTracing: true).run()
  for line in report.trace ?? [] { print(line) }
  print(report.summary)
  print("trace hash \(String(report.traceHash, radix: 16)), \(report.steps) steps")
  exit(report.violations.isEmpty ? 0 : 1)
}

let campaign = Campaign(arguments)
let results = campaign.run()
for (name, count) in results.counters.sorted(by: { $0.key < $1.key }) { print("  \(name): \(count)") }
func rate(_ count: Int) -> Double { (Double(count) / campaign.seconds * 10).rounded() / 10 }
if !results.failed.isEmpty {
  print("failing seeds: \(results.failed.sorted().map(String.init).joined(separator: " "))")
}
print(
  "\(results.done) seeds, \(results.failed.count) failed, \(results.steps) steps in \(Int(campaign.seconds)) s: "
    + "\(rate(results.done)) seeds/s, \(Int(rate(results.steps))) steps/s")
let missing = arguments.judgesCoverage ? Coverage.missing(from: results.counters) : []
for name in missing { print("never happened: \(name)") }
exit(results.failed.isEmpty && missing.isEmpty ? 0 : 1)
