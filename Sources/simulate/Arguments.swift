import Glibc
import Simulation

/// What the command line asks for.
struct Arguments {
  static let usage = """
    usage: simulate [--seeds A..<B | --seed N] [--minutes M] [--jobs N] [--until-failure] [--coverage]
                    [--seed N --without PARTS] [--trace] [--no-shrink]
    """

  var seeds: Range<UInt64> = 0..<1000
  /// As many of the seeds as fit.
  var minutes: Double?
  var jobs = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  var without = PartList()
  var isTracing = false
  var endsAtFailure = false
  var shrinks = true
  /// Something that no seed reached is a failure.
  var judgesCoverage = false

  init?(_ words: [String]) {
    var words = words[...]
    while let word = words.popFirst() {
      switch word {
      case "--trace": isTracing = true
      case "--until-failure": endsAtFailure = true
      case "--no-shrink": shrinks = false
      case "--coverage": judgesCoverage = true
      case "--seed":
        guard let seed = words.popFirst().flatMap(UInt64.init) else { return nil }
        seeds = seed..<seed + 1
      case "--seeds":
        let bounds = words.popFirst()?.split(separator: "..<").compactMap { UInt64($0) } ?? []
        guard bounds.count == 2, bounds[0] < bounds[1] else { return nil }
        seeds = bounds[0]..<bounds[1]
      case "--minutes":
        guard let count = words.popFirst().flatMap(Double.init), count > 0 else { return nil }
        minutes = count
      case "--jobs":
        guard let count = words.popFirst().flatMap(Int.init), count > 0 else { return nil }
        jobs = count
      case "--without":
        guard let parts = words.popFirst().flatMap({ PartList(parsing: $0) }) else { return nil }
        without = parts
      default: return nil
      }
    }
  }
}
