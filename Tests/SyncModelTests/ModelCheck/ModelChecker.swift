@testable import SyncModel

/// Why a scope is refuted, with the shortest way there.
struct Counterexample: CustomStringConvertible {
  var law: String
  var steps: [String]

  var description: String {
    ([law] + steps.enumerated().map { "  \($0.offset). \($0.element)" }).joined(separator: "\n")
  }
}

struct ModelReport: CustomStringConvertible {
  var scope: ModelScope
  var states = 0
  var moves = 0
  var questions = 0
  /// The longest way to rest that is the shortest of its state, in steps.
  var longestWay = 0
  var atRest = 0
  var counterexample: Counterexample?

  var description: String {
    "\(scope): \(states) states, \(moves) moves, \(questions) plans, \(atRest) at rest, at most \(longestWay) steps away"
      + (counterexample.map { "\n\($0)" } ?? "")
  }
}

/// Visits all states of a scope, breadth first, and checks the laws in each and over all.
struct ModelChecker {
  private let scope: ModelScope
  private var moves: ModelMoves
  private var states: [ModelState] = []
  private var parents: [(from: Int32, move: ModelMove)] = []
  private var indices: [ModelState: Int32] = [:]
  /// Steps without a user, by state; the lowest bit tells that something was written.
  private var firstEdge: [Int32] = []
  private var edges: [Int32] = []

  init(_ scope: ModelScope, planner: PlannerUnderTest = .real) {
    self.scope = scope
    moves = ModelMoves(scope, planner)
  }

  mutating func run() -> ModelReport {
    var report = ModelReport(scope: scope)
    report.counterexample = explore()
    if report.counterexample == nil { report.counterexample = checkPingPong() }
    if report.counterexample == nil { report.counterexample = checkRest(&report) }
    report.states = states.count
    report.moves = edges.count
    report.questions = moves.cache.count
    return report
  }

  private mutating func explore() -> Counterexample? {
    let initial = scope.initial
    states = [initial]
    parents = [(-1, ModelMove(kind: .adopt))]
    indices = [initial: 0]
    var next = 0
    while next < states.count {
      let state = states[next]
      if let law = brokenLaw(state) { return trace(to: next, law) }
      firstEdge.append(Int32(edges.count))
      var found: [(ModelMove, ModelState)] = []
      moves.forEachMove(from: state) { found.append(($0, $1)) }
      for (move, target) in found {
        if let law = brokenLaw(of: move, from: state) {
          var counterexample = trace(to: next, law)
          counterexample.steps.append("\(move) → \(scope.describe(target))")
          return counterexample
        }
        let index: Int32
        if let known = indices[target] {
          index = known
        } else {
          index = Int32(states.count)
          indices[target] = index
          states.append(target)
          parents.append((Int32(next), move))
        }
        if !move.isOptional { edges.append(index << 1 | (move.onlyLooks ? 0 : 1)) }
      }
      next += 1
    }
    firstEdge.append(Int32(edges.count))
    indices = [:]
    return nil
  }

  /// The laws that hold at every moment.
  private mutating func brokenLaw(_ state: ModelState) -> String? {
    if let slot = moves.blindSlot(in: state) {
      return "I2: node \(slot / scope.paths.count) changes a version that it did not see"
    }
    var safe = state.shared.settled
    for path in scope.paths.indices where !scope.paths[path].hasSuffix("/") {
      safe |= 1 << state.shared[Shared.object[path]]
      for node in 0..<scope.nodes { safe |= 1 << state[slot: node * scope.paths.count + path][Slot.localContent] }
    }
    for content in 1..<state.shared[Shared.nextContent] where safe & 1 << content == 0 {
      return "I1: content \(content), which nobody replaced or deleted, is nowhere"
    }
    return nil
  }
}

extension ModelChecker {
  /// I7: what a node deletes was deleted or replaced by somebody who saw it, or kept as the loser of a conflict.
  /// Which content got another name is not known here.
  private func brokenLaw(of move: ModelMove, from state: ModelState) -> String? {
    if scope.actions.contains(.move) { return nil }
    let content: UInt64
    switch move.kind {
    case .deleteLocal:
      let slot = state[slot: move.node * scope.paths.count + move.path]
      // A mirror moves it into the trash in one step.
      if scope.mirror != nil, move.node == 0, slot[Slot.hasBase] == 0 { return nil }
      content = slot[Slot.localContent]
    case .deleteRemote: content = state.shared[Shared.object[move.path]]
    default: return nil
    }
    if content == 0 || state.shared.settled & 1 << content != 0 { return nil }
    return "I7: node \(move.node) deletes content \(content), which nobody deleted, replaced or kept"
  }
}

// Convergence.
extension ModelChecker {
  /// I3: wherever the nodes rest all trees are equal, and rest is reached from everywhere.
  private mutating func checkRest(_ report: inout ModelReport) -> Counterexample? {
    var distance = [Int32](repeating: -1, count: states.count)
    var queue: [Int32] = []
    for (index, state) in states.enumerated() where isAtRest(state) {
      if let difference = difference(state) { return trace(to: index, "I3: at rest, but \(difference)") }
      distance[index] = 0
      queue.append(Int32(index))
    }
    report.atRest = queue.count
    let (firstSource, sources) = reversed()
    var next = 0
    while next < queue.count {
      let target = Int(queue[next])
      next += 1
      for position in Int(firstSource[target])..<Int(firstSource[target + 1]) {
        let source = Int(sources[position])
        if distance[source] >= 0 { continue }
        distance[source] = distance[target] + 1
        queue.append(Int32(source))
      }
    }
    if let lost = distance.firstIndex(of: -1) { return trace(to: lost, "I3: no way leads from here to rest") }
    report.longestWay = Int(distance.max() ?? 0)
    return nil
  }

  private mutating func isAtRest(_ state: ModelState) -> Bool {
    for index in 0..<scope.nodes * scope.paths.count {
      guard state[slot: index].isIdle else { return false }
      let plan = moves.planAfterLook(state, index)
      guard plan.kind == nil || plan.kind == .blocked, !plan.isBlind else { return false }
    }
    return true
  }

  /// What distinguishes a tree from the bucket; a key whose name is a directory everywhere is no file anywhere.
  private func difference(_ state: ModelState) -> String? {
    if scope.firstPolicy != nil { return nil }
    if scope.hasFolder, let difference = folderDifference(state) { return difference }
    for path in scope.paths.indices where !scope.paths[path].hasSuffix("/") {
      let object = state.shared[Shared.object[path]]
      let isBlocked = scope.hasClash && path == 0 && state.shared[Shared.object[1]] != 0
      for node in 0..<scope.nodes {
        let slot = state[slot: node * scope.paths.count + path]
        let content = slot[Slot.localContent]
        let isAsLeft = content == slot[Slot.baseContent] && slot[Slot.localStamp] == slot[Slot.baseStamp]
        if slot.isLeftAlone, isAsLeft, object == 0 { continue }
        if content != (isBlocked ? 0 : object) {
          return "node \(node) holds content \(content) at \(path), the bucket \(object)"
        }
        let mode = state.shared[Shared.objectMode[path]]
        if content != 0, mode != 2, slot[Slot.localMode] != mode { return "the mode on node \(node) differs" }
        if !isBlocked, (slot[Slot.hasBase] != 0) != (content != 0) {
          return "the base of node \(node) is not what it holds"
        }
      }
    }
    return nil
  }

  /// A folder is there wherever its marker or its file is in the bucket.
  private func folderDifference(_ state: ModelState) -> String? {
    let isThere = state.shared[Shared.object[0]] != 0 || state.shared[Shared.object[1]] != 0
    for node in 0..<scope.nodes {
      let slot = state[slot: node * scope.paths.count]
      if (slot[Slot.localContent] != 0) != isThere { return "the folder on node \(node) is not as in the bucket" }
      if (slot[Slot.hasBase] != 0) != isThere { return "node \(node)'s row of the folder is not what it holds" }
    }
    return nil
  }

  private func reversed() -> (first: [Int32], sources: [Int32]) {
    var first = [Int32](repeating: 0, count: states.count + 1)
    for edge in edges { first[Int(edge >> 1) + 1] += 1 }
    for index in 0..<states.count { first[index + 1] += first[index] }
    var place = first
    var sources = [Int32](repeating: 0, count: edges.count)
    for source in states.indices {
      for position in Int(firstEdge[source])..<Int(firstEdge[source + 1]) {
        let target = Int(edges[position] >> 1)
        sources[Int(place[target])] = Int32(source)
        place[target] += 1
      }
    }
    return (first, sources)
  }
}

// Ping-pong.
extension ModelChecker {
  /// No way without a user comes back to its start and writes something meanwhile: no strongly connected component
  /// (Tarjan's algorithm) has such a step inside.
  private func checkPingPong() -> Counterexample? {
    var order = [Int32](repeating: 0, count: states.count)
    var low = order
    var component = order
    var position = order
    var stack: [Int32] = []
    var path: [Int32] = []
    var time: Int32 = 0
    for root in states.indices where order[root] == 0 {
      path.append(Int32(root))
      while let top = path.last {
        let state = Int(top)
        if order[state] == 0 {
          time += 1
          order[state] = time
          low[state] = time
          position[state] = firstEdge[state]
          stack.append(top)
        }
        if position[state] < firstEdge[state + 1] {
          let target = Int(edges[Int(position[state])] >> 1)
          position[state] += 1
          if order[target] == 0 {
            path.append(Int32(target))
          } else if component[target] == 0 {
            low[state] = min(low[state], order[target])
          }
          continue
        }
        path.removeLast()
        if let parent = path.last { low[Int(parent)] = min(low[Int(parent)], low[state]) }
        if low[state] == order[state] {
          while let member = stack.popLast() {
            component[Int(member)] = top + 1
            if member == top { break }
          }
        }
      }
    }
    for state in states.indices {
      for index in Int(firstEdge[state])..<Int(firstEdge[state + 1]) where edges[index] & 1 == 1 {
        let target = Int(edges[index] >> 1)
        if component[target] == component[state] { return pingPong(state, target, component) }
      }
    }
    return nil
  }

  /// The way to the circle, and once around it.
  private func pingPong(_ state: Int, _ target: Int, _ component: [Int32]) -> Counterexample {
    var result = trace(to: state, "ping-pong: the nodes write without end, from here back to here")
    var from: [Int: Int] = [target: target]
    var queue = [target]
    var next = 0
    while next < queue.count, from[state] == nil {
      let here = queue[next]
      next += 1
      for edge in edges[Int(firstEdge[here])..<Int(firstEdge[here + 1])] {
        let there = Int(edge >> 1)
        if component[there] == component[state], from[there] == nil {
          from[there] = here
          queue.append(there)
        }
      }
    }
    var circle = [state]
    while let last = circle.last, last != target || circle.count == 1, let before = from[last] {
      circle.append(before)
      if before == target { break }
    }
    result.steps += circle.reversed().map { "→ \(scope.describe(states[$0]))" }
    return result
  }
}

// Traces.
extension ModelChecker {
  private func trace(to index: Int, _ law: String) -> Counterexample {
    var steps: [String] = []
    var index = index
    while index > 0 {
      steps.append("\(parents[index].move) → \(scope.describe(states[index]))")
      index = Int(parents[index].from)
    }
    steps.append("\(scope) → \(scope.describe(states[0]))")
    return Counterexample(law: law, steps: steps.reversed())
  }
}

extension ModelMove {
  /// Nobody needs to take this step.
  var isOptional: Bool {
    kind.rawValue < Kind.lookLocal.rawValue || kind.rawValue >= Kind.lostReply.rawValue
  }
}

extension ModelScope {
  /// Contents by number with `x` for another mode, `?` for none; in brackets the base.
  func describe(_ state: ModelState) -> String {
    func version(_ content: UInt64, _ mode: UInt64) -> String {
      content == 0 ? "–" : "\(content)\(mode == 1 ? "x" : mode == 2 ? "?" : "")"
    }
    let parts = paths.indices.map { path in
      let nodes = (0..<nodes).map { node in
        let slot = state[slot: node * paths.count + path]
        let base = slot[Slot.hasBase] == 0 ? "" : version(slot[Slot.baseContent], slot[Slot.baseObjectMode])
        let mark = slot[Slot.isLocalChanged] != 0 ? "*" : ""
        return "\(version(slot[Slot.localContent], slot[Slot.localMode]))[\(base)\(mark)]"
      }
      let object = version(state.shared[Shared.object[path]], state.shared[Shared.objectMode[path]])
      return "\(paths[path]): \(nodes.joined(separator: " ")) bucket \(object)"
    }
    return parts.joined(separator: ", ")
  }
}
