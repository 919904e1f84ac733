/// The parts of a world that can be left out. Each has a generator of its own, so that what remains decides as
/// before: a failing history is made short by leaving out what it does not need.
///
/// `@unchecked Sendable`: used only on the world's thread.
final class Parts: @unchecked Sendable {
  let seed: UInt64
  private let without: PartList
  /// Those that were asked for and took part, in the order of their first use.
  private(set) var used: [String] = []
  private var known: Set<String> = []

  init(seed: UInt64, without: PartList) {
    self.seed = seed
    self.without = without
  }

  /// Of choices that are always made.
  func generator(_ name: String) -> SeededGenerator {
    // Mixed once more: seeds that differ in little must not give related choices.
    var mixer = SeededGenerator(seed: SimContent.hash("\(name) \(seed)".utf8))
    return mixer.fork()
  }

  /// The choices of a part; nil where it is left out.
  func take(_ name: String) -> SeededGenerator? {
    if without.contains(name) { return nil }
    note(name)
    return generator(name)
  }

  /// A property of the world; the usual one where the part is left out.
  func choose<Value: Equatable>(_ name: String, usual: Value, _ choice: (inout SeededGenerator) -> Value) -> Value {
    var generator = generator(name)
    let value = choice(&generator)
    if value == usual || without.contains(name) { return usual }
    note(name)
    return value
  }

  private func note(_ name: String) { if known.insert(name).inserted { used.append(name) } }
}

/// Names of parts; the numbers of consecutive ones are written as ranges: `crash:A:0,action:B:3-17`.
package struct PartList: Hashable, Sendable, CustomStringConvertible {
  private var names: Set<String> = []

  package init(_ names: some Sequence<String> = []) { self.names = Set(names) }

  /// Nil where a range is none.
  package init?(parsing text: String) {
    for word in text.split(separator: ",") {
      guard let colon = word.lastIndex(of: ":"), let dash = word[colon...].firstIndex(of: "-") else {
        names.insert(String(word))
        continue
      }
      let first = Int(word[word.index(after: colon)..<dash])
      let last = Int(word[word.index(after: dash)...])
      guard let first, let last, first <= last, last - first < 100_000 else { return nil }
      for number in first...last { names.insert("\(word[...colon])\(number)") }
    }
  }

  package var isEmpty: Bool { names.isEmpty }
  package func contains(_ name: String) -> Bool { names.contains(name) }
  package func union(_ other: some Sequence<String>) -> PartList { PartList(names.union(other)) }

  package var description: String {
    var numbers: [String: [Int]] = [:]
    var words: [String] = []
    for name in names {
      if let colon = name.lastIndex(of: ":"), let number = Int(name[name.index(after: colon)...]) {
        numbers[String(name[...colon]), default: []].append(number)
      } else {
        words.append(name)
      }
    }
    for (stem, found) in numbers {
      var runs: [ClosedRange<Int>] = []
      for number in found.sorted() {
        if let last = runs.last, last.upperBound == number - 1 {
          runs[runs.count - 1] = last.lowerBound...number
        } else {
          runs.append(number...number)
        }
      }
      words += runs.map { $0.count == 1 ? "\(stem)\($0.lowerBound)" : "\(stem)\($0.lowerBound)-\($0.upperBound)" }
    }
    return words.sorted().joined(separator: ",")
  }
}
