/// Makes a failing history short: leaves out parts while the same invariant still fails.
package struct Shrinking {
  /// The shortest failing run that was found.
  package private(set) var report: WorldReport
  package private(set) var without: PartList
  package private(set) var runs = 0
  private let sabotage: Sabotage?
  private let invariant: Substring
  private let maximumRuns: Int

  package init(_ report: WorldReport, without: PartList, sabotage: Sabotage? = nil, maximumRuns: Int = 300) {
    self.report = report
    self.without = without
    self.sabotage = sabotage
    self.maximumRuns = maximumRuns
    invariant = Self.invariant(of: report)
    var isShorter = true
    while isShorter && runs < maximumRuns { isShorter = sweep() }
  }

  /// Halves, quarters, … single parts. True where something could be left out.
  private mutating func sweep() -> Bool {
    var isShorter = false
    var size = max(1, report.parts.count / 2)
    while true {
      var start = 0
      while start < report.parts.count, runs < maximumRuns {
        let chunk = report.parts[start..<min(start + size, report.parts.count)]
        if leavesOut(chunk) { isShorter = true } else { start += size }
      }
      if size == 1 || runs >= maximumRuns { return isShorter }
      size = (size + 1) / 2
    }
  }

  /// True where it still fails; the rest of the parts then stands in `report`.
  private mutating func leavesOut(_ chunk: ArraySlice<String>) -> Bool {
    runs += 1
    let candidate = without.union(chunk)
    let shorter = World(seed: report.seed, without: candidate, sabotage: sabotage).run()
    guard !shorter.violations.isEmpty, Self.invariant(of: shorter) == invariant else { return false }
    // Leaving out one part may bring in another; a history that grows for ever is none.
    guard shorter.parts.count < report.parts.count else { return false }
    report = shorter
    without = candidate
    return true
  }

  private static func invariant(of report: WorldReport) -> Substring {
    report.violations.first?.prefix { $0 != ":" } ?? ""
  }

  /// What shows this run again.
  package var command: String {
    "simulate --seed \(report.seed)\(without.isEmpty ? "" : " --without \(without)") --trace"
  }
}
