/// A pattern as a machine that is in many states at once.
struct PythonPatternProgram: Sendable {
  private enum Instruction: Sendable {
    case match
    case one(PythonScalarClass)
    case split(Int, Int)
    case jump(Int)
    case assertion(PythonAssertion)
    /// What is looked for begins behind it and ends in a `match`; the program goes on at `next`.
    case lookahead(isNegative: Bool, next: Int)
  }

  /// More are none that somebody wrote.
  private static let longest = 50_000

  private var instructions: [Instruction] = []

  init(_ node: PythonPatternNode) throws(PythonPattern.Problem) {
    try append(node)
    instructions.append(.match)
  }

  private mutating func append(_ node: PythonPatternNode) throws(PythonPattern.Problem) {
    guard instructions.count < Self.longest else {
      throw PythonPattern.Problem(what: "more repetitions than are supported,", position: 0)
    }
    switch node {
    case .empty: break
    case .one(let characters): instructions.append(.one(characters))
    case .assertion(let assertion): instructions.append(.assertion(assertion))
    case .sequence(let nodes): for node in nodes { try append(node) }
    case .alternatives(let branches): try append(branches)
    case .repeated(let node, let least, let most): try append(node, least, most)
    case .lookahead(let node, let isNegative):
      let start = instructions.count
      instructions.append(.match)
      try append(node)
      instructions.append(.match)
      instructions[start] = .lookahead(isNegative: isNegative, next: instructions.count)
    }
  }

  private mutating func append(_ branches: [PythonPatternNode]) throws(PythonPattern.Problem) {
    var ends: [Int] = []
    for (number, branch) in branches.enumerated() {
      let start = instructions.count
      if number < branches.count - 1 { instructions.append(.match) }
      try append(branch)
      guard number < branches.count - 1 else { break }
      ends.append(instructions.count)
      instructions.append(.match)
      instructions[start] = .split(start + 1, instructions.count)
    }
    for end in ends { instructions[end] = .jump(instructions.count) }
  }

  private mutating func append(
    _ node: PythonPatternNode, _ least: Int, _ most: Int?
  ) throws(PythonPattern.Problem) {
    for _ in 0..<least { try append(node) }
    guard let most else {
      let start = instructions.count
      instructions.append(.match)
      try append(node)
      instructions.append(.jump(start))
      instructions[start] = .split(start + 1, instructions.count)
      return
    }
    var starts: [Int] = []
    for _ in least..<most {
      starts.append(instructions.count)
      instructions.append(.match)
      try append(node)
    }
    for start in starts { instructions[start] = .split(start + 1, instructions.count) }
  }

  func matches(_ text: [Unicode.Scalar]) -> Bool { matches(text, from: 0, at: 0) }

  private func matches(_ text: [Unicode.Scalar], from start: Int, at first: Int) -> Bool {
    var states = [start]
    for index in first...text.count {
      guard let readers = readers(states, text, index) else { return true }
      guard index < text.count else { return false }
      let scalar = text[index]
      states = readers.filter {
        if case .one(let characters) = instructions[$0] { characters.contains(scalar) } else { false }
      }.map { $0 + 1 }
      if states.isEmpty { return false }
    }
    return false
  }

  /// The instructions that read a character next; nil: there is a match.
  private func readers(_ states: [Int], _ text: [Unicode.Scalar], _ index: Int) -> [Int]? {
    var seen = [Bool](repeating: false, count: instructions.count)
    var pending = states
    var readers: [Int] = []
    while let state = pending.popLast() {
      if seen[state] { continue }
      seen[state] = true
      switch instructions[state] {
      case .match: return nil
      case .one: readers.append(state)
      case .split(let one, let other): pending += [one, other]
      case .jump(let target): pending.append(target)
      case .assertion(let assertion): if assertion.holds(in: text, at: index) { pending.append(state + 1) }
      case .lookahead(let isNegative, let next):
        if matches(text, from: state + 1, at: index) != isNegative { pending.append(next) }
      }
    }
    return readers
  }
}
