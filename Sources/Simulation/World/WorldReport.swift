/// What became of a seed.
package struct WorldReport: Sendable {
  package var seed: UInt64
  /// Each begins with the number of the invariant of docs/architecture.md.
  package var violations: [String]
  package var counters: [String: Int]
  package var steps: Int
  package var virtualTime: Duration
  /// Equal for equal histories.
  package var traceHash: UInt64
  package var trace: [String]?
  /// What took part and may be left out.
  package var parts: [String]

  package var summary: String {
    violations.isEmpty
      ? "seed \(seed) holds"
      : "seed \(seed) fails: \(violations.prefix(3).joined(separator: "; ")); simulate --seed \(seed) --trace"
  }
}
