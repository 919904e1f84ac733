import Glibc
import Simulation

/// `simulate --seeds A..<B` runs many histories; `simulate --seed N --trace` tells one.
struct Arguments {
  var seeds: Range<UInt64> = 0..<1000
  var isTracing = false

  init?(_ words: [String]) {
    var words = words[...]
    while let word = words.popFirst() {
      switch word {
      case "--trace": isTracing = true
      case "--seed":
        guard let seed = words.popFirst().flatMap(UInt64.init) else { return nil }
        seeds = seed..<seed + 1
      case "--seeds":
        let bounds = words.popFirst()?.split(separator: "..<").compactMap { UInt64($0) } ?? []
        guard bounds.count == 2, bounds[0] < bounds[1] else { return nil }
        seeds = bounds[0]..<bounds[1]
      default: return nil
      }
    }
  }
}

guard let arguments = Arguments(Array(CommandLine.arguments.dropFirst())) else {
  print("usage: simulate [--seeds A..<B | --seed N] [--trace]")
  exit(64)
}

let clock = ContinuousClock()
let began = clock.now
var failed: [UInt64] = []
var counters: [String: Int] = [:]
var steps = 0
for seed in arguments.seeds {
  let report = World(seed: seed, isTracing: arguments.isTracing).run()
  for line in report.trace ?? [] { print(line) }
  counters.merge(report.counters, uniquingKeysWith: +)
  steps += report.steps
  if !report.violations.isEmpty {
    failed.append(seed)
    print(report.summary)
  }
  if arguments.seeds.count == 1 { print("trace hash \(String(report.traceHash, radix: 16)), \(report.steps) steps") }
}
let seconds = (clock.now - began) / .seconds(1)
for (name, count) in counters.sorted(by: { $0.key < $1.key }) { print("  \(name): \(count)") }
let rate = (Double(arguments.seeds.count) / seconds * 10).rounded() / 10
print("\(arguments.seeds.count) seeds, \(failed.count) failed, \(steps) steps, \(rate) seeds/s")
exit(failed.isEmpty ? 0 : 1)
