import Foundation
import Testing

/// Runs one target: its regressions and seeds as they are, then mutations of them.
///
/// In `make test` the seed and the number of runs are fixed. The environment, set by `make fuzz`, asks for more:
/// `MARTLET_FUZZ_SECONDS`, `MARTLET_FUZZ_SEED`, and in `MARTLET_FUZZ_INPUT` a file that always holds the input under
/// way, so that a crash cannot take it along.
struct Fuzzer {
  /// What is wrong with the answer to an input.
  struct Finding: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  let target: String
  /// Inputs that once were answered wrongly.
  var regressions: [String] = []
  let seeds: [String]
  /// Words of the format.
  let tokens: [String]
  var shortRuns = 4_000

  /// - Parameter check: throws what is wrong; an input that is refused in order is well.
  func run(_ check: (_ input: [UInt8]) throws -> Void) throws {
    let environment = ProcessInfo.processInfo.environment
    let record = try environment["MARTLET_FUZZ_INPUT"].map(InputRecord.init)
    var runs = 0
    func once(_ input: [UInt8]) throws {
      record?.keep(input)
      runs += 1
      do { try check(input) } catch {
        throw Finding("\(target): \(error)\ninput, base64: \(Data(input).base64EncodedString())\n\(debug(input))")
      }
    }
    for text in regressions + seeds { try once(Array(text.utf8)) }
    let mutator = Mutator(seeds: (regressions + seeds).map { Array($0.utf8) }, tokens: tokens)
    var random = SeededRandom(environment["MARTLET_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1)
    guard let seconds = environment["MARTLET_FUZZ_SECONDS"].flatMap(Double.init) else {
      for _ in 0..<shortRuns { try once(mutator.input(&random)) }
      return
    }
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end { try once(mutator.input(&random)) }
    print("fuzz \(target): \(runs) inputs, no finding")
  }

  private func debug(_ input: [UInt8]) -> String { String(decoding: input, as: UTF8.self).debugDescription }
}

func require(_ condition: Bool, _ finding: @autoclosure () -> String) throws {
  guard condition else { throw Fuzzer.Finding(finding()) }
}

/// A mapped file: its length, eight bytes in the machine's order, and the input. It survives the process.
private final class InputRecord {
  private let memory: UnsafeMutableRawBufferPointer

  init(path: String) throws {
    let size = 64 << 10
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0, ftruncate(file, off_t(size)) == 0,
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED
    else { throw Fuzzer.Finding("cannot map \(path)") }
    close(file)
    self.memory = UnsafeMutableRawBufferPointer(start: memory, count: size)
  }

  deinit { munmap(memory.baseAddress!, memory.count) }

  func keep(_ input: [UInt8]) {
    memory.storeBytes(of: UInt64(input.count), as: UInt64.self)
    UnsafeMutableRawBufferPointer(rebasing: memory[8...]).copyBytes(from: input)
  }
}
