import SyncModel

let leaseSecond: Int64 = 1_000_000_000

/// Nodes that contend for one lock object, their clocks, the network and the bucket, in virtual time.
///
/// Requests land after delays or never, replies are lost, nodes are stopped for a while or killed, clocks drift. Beside
/// the machine there are clients of s3-sync2, as its script works: look, then overwrite blindly, then look again.
struct LeaseWorld {
  struct Faults {
    /// Of requests, out of 100.
    var lostRequests = 0
    var lostReplies = 0
    /// Land much later than their sender waits for.
    var lateLandings = 0
    /// Per second and node, out of 1,000.
    var stops = 0
    var kills = 0
    /// Parts per thousand that a clock runs fast or slow.
    var drift: Int64 = 0
    /// Commits that take up to 40 s, out of 100.
    var longCommits = 2
  }

  struct Lock: Equatable {
    var body: String
    var modified: Int64
    /// Nil: of s3-sync2.
    var run: String?
  }

  enum Event {
    case wake(node: Int, timer: Int)
    case land(node: Int, Sent)
    case reply(node: Int, Sent, Reply)
    case arrive(node: Int)
    case finish(node: Int, life: Int)
    case strike(node: Int)
    case script(node: Int, life: Int, ScriptStep)
  }

  struct Sent {
    var life: Int
    var number: Int
    var action: LeaseMachine.Action
    /// On the node's clock.
    var sentAt: Int64
    /// When the look landed whose reply its sender knew.
    var lookLanded: Int64
    var isDoomed = false
  }

  enum Reply {
    case lock(Lock?, date: Int64)
    case accepted
    case refused
    case unknown
    case failed
  }

  enum ScriptStep { case look, overwrite, check, release, erase }

  struct Node {
    var machine: LeaseMachine
    var run: String
    var isScript = false
    var life = 0
    var isBusy = false
    var stoppedUntil: Int64 = 0
    var timer = 0
    var request = 0
    var waitingSince: [Int64] = []
    var committing = 0
    /// When a look landed that its last look's reply showed.
    var lookLanded: Int64 = 0
    var lastOwn: Int64 = .min / 2
    /// Parts per thousand.
    var drift: Int64 = 0
    var holdsAsScript = false
  }

  let timing: LeaseTiming
  let faults: Faults
  let deletes: Bool
  /// Commits per second and node, out of 1,000.
  let load: Int
  var random: SeededRandom
  var now: Int64 = 100 * leaseSecond
  var lock: Lock?
  var nodes: [Node] = []
  private var queue = EventQueue<Event>()
  private(set) var violations: [String] = []
  private(set) var commits: [Int]
  private(set) var longestWait: Int64 = 0
  /// Since when somebody waits and nobody holds it.
  private var vacantSince: Int64?
  private(set) var longestVacancy: Int64 = 0
  private(set) var takeovers = 0
  private(set) var scriptTurns = 0
  private let hasScripts: Bool

  init(
    seed: UInt64, nodes count: Int, scripts: Int = 0, timeout: Int64 = 60 * leaseSecond, deletes: Bool = true,
    load: Int = 300, faults: Faults = Faults()
  ) {
    timing = LeaseTiming(timeout: timeout)
    self.faults = faults
    self.deletes = deletes
    self.load = load
    random = SeededRandom(seed)
    commits = Array(repeating: 0, count: count + scripts)
    hasScripts = scripts > 0
    for index in 0..<count + scripts {
      nodes.append(
        Node(
          machine: Self.machine(index, 0, timing, deletes), run: Self.run(index, 0), isScript: index >= count))
      nodes[index].drift = faults.drift == 0 ? 0 : below(2 * faults.drift + 1) - faults.drift
      if index >= count {
        schedule(.script(node: index, life: 0, .look), in: below(30 * leaseSecond))
      } else {
        schedule(.arrive(node: index), in: below(leaseSecond))
      }
      schedule(.strike(node: index), in: below(leaseSecond))
    }
  }

  private static func machine(_ index: Int, _ life: Int, _ timing: LeaseTiming, _ deletes: Bool) -> LeaseMachine {
    LeaseMachine(timing: timing, node: "n\(index)", run: run(index, life), deletes: deletes)
  }

  private static func run(_ index: Int, _ life: Int) -> String { "n\(index)-\(life)" }

  mutating func below(_ bound: Int64) -> Int64 { Int64.random(in: 0..<max(1, bound), using: &random) }
  private mutating func happens(_ share: Int, of whole: Int64) -> Bool { below(whole) < Int64(share) }
  private mutating func schedule(_ event: Event, in delay: Int64) { queue.insert(event, at: now + delay) }

  private func clock(_ node: Int) -> Int64 { now + now / 1000 * nodes[node].drift }
  private func delay(_ node: Int, until time: Int64) -> Int64 {
    max(0, (time - clock(node)) * 1000 / (1000 + nodes[node].drift)) + 1
  }

  mutating func run(until end: Int64) {
    while let (time, event) = queue.popFirst(before: end) {
      now = time
      handle(event)
      check()
    }
    now = end
  }

  private mutating func handle(_ event: Event) {
    switch event {
    case .land(let node, let sent): land(node, sent)
    case .arrive(let node): arrive(node)
    case .strike(let node): strike(node)
    case .wake(let node, let timer):
      guard timer == nodes[node].timer else { return }
      if postponed(event, node) { return }
      pump(node)
    case .finish(let node, let life):
      guard life == nodes[node].life else { return }
      if postponed(event, node) { return }
      nodes[node].committing -= 1
      nodes[node].machine.leave(now: clock(node))
      pump(node)
    case .reply(let node, let sent, let reply):
      guard sent.life == nodes[node].life, sent.number == nodes[node].request else { return }
      if postponed(event, node) { return }
      take(node, sent, reply)
      pump(node)
    case .script(let node, let life, let step):
      guard life == nodes[node].life else { return }
      if postponed(event, node) { return }
      script(node, step)
    }
  }

  private mutating func postponed(_ event: Event, _ node: Int) -> Bool {
    guard nodes[node].stoppedUntil > now else { return false }
    schedule(event, in: nodes[node].stoppedUntil - now)
    return true
  }

  // MARK: A node with the machine

  private mutating func arrive(_ node: Int) {
    schedule(.arrive(node: node), in: below(2_000 * leaseSecond / Int64(max(1, load))) + 1)
    guard nodes[node].stoppedUntil <= now else { return }
    nodes[node].waitingSince.append(now)
    nodes[node].machine.setWaiting(nodes[node].waitingSince.count, now: clock(node))
    pump(node)
  }

  private mutating func pump(_ node: Int) {
    admit(node)
    guard !nodes[node].isBusy else { return }
    let local = clock(node)
    let action = nodes[node].machine.step(now: local)
    nodes[node].timer += 1
    switch action {
    case .wait(nil): break
    case .wait(let until?):
      schedule(.wake(node: node, timer: nodes[node].timer), in: delay(node, until: until))
    case .look, .write, .delete: send(node, action, local)
    }
  }

  private mutating func admit(_ node: Int) {
    while let since = nodes[node].waitingSince.first, nodes[node].machine.enter(now: clock(node)) {
      nodes[node].waitingSince.removeFirst()
      nodes[node].machine.setWaiting(nodes[node].waitingSince.count, now: clock(node))
      nodes[node].committing += 1
      commits[node] += 1
      longestWait = max(longestWait, now - since)
      checkCommit(node)
      let length = happens(faults.longCommits, of: 100) ? below(40 * leaseSecond) : below(leaseSecond / 5)
      schedule(.finish(node: node, life: nodes[node].life), in: length + 1)
    }
  }

  private mutating func send(_ node: Int, _ action: LeaseMachine.Action, _ local: Int64) {
    nodes[node].isBusy = true
    nodes[node].request += 1
    var sent = Sent(
      life: nodes[node].life, number: nodes[node].request, action: action, sentAt: local,
      lookLanded: nodes[node].lookLanded)
    let patience = 5 * leaseSecond
    if happens(faults.lostRequests, of: 100) {
      let reply: Reply = happens(50, of: 100) ? .failed : .unknown
      return schedule(.reply(node: node, sent, reply), in: below(patience))
    }
    if happens(faults.lateLandings, of: 100) {
      schedule(.reply(node: node, sent, .unknown), in: patience)
      sent.isDoomed = true
      return schedule(.land(node: node, sent), in: patience + below(3 * timing.timeout))
    }
    if happens(faults.lostReplies, of: 100) {
      sent.isDoomed = true
      schedule(.reply(node: node, sent, .unknown), in: patience)
    }
    schedule(.land(node: node, sent), in: leaseSecond / 200 + below(leaseSecond / 10))
  }

  private mutating func land(_ node: Int, _ sent: Sent) {
    var reply = Reply.refused
    switch sent.action {
    case .wait: return
    case .look: reply = .lock(lock, date: now)
    case .write(let record, let condition):
      let isMet: Bool
      switch condition {
      case .absent: isMet = lock == nil
      case .matching(let etag): isMet = lock?.body == etag
      }
      if isMet {
        checkReplacement(sent, node)
        lock = Lock(body: record.body, modified: now, run: record.run)
        reply = .accepted
      }
    case .delete(let etag):
      if lock?.body == etag {
        lock = nil
        reply = .accepted
      }
    }
    if case .look = sent.action, sent.life == nodes[node].life { nodes[node].lookLanded = now }
    if !sent.isDoomed {
      schedule(.reply(node: node, sent, reply), in: leaseSecond / 200 + below(leaseSecond / 10))
    }
  }

  private mutating func take(_ node: Int, _ sent: Sent, _ reply: Reply) {
    nodes[node].isBusy = false
    let local = clock(node)
    var change: LeaseMachine.Change?
    switch reply {
    case .lock(let lock, let date):
      let seen = lock.map {
        ObservedLock(
          etag: $0.body, lastModified: Timestamp(nanoseconds: $0.modified).wholeSeconds,
          date: Timestamp(nanoseconds: date).wholeSeconds, body: $0.body)
      }
      change = nodes[node].machine.saw(seen, sentAt: sent.sentAt, now: local, random: random.next())
    case .accepted:
      if case .write(let record, _) = sent.action {
        change = nodes[node].machine.wrote(etag: record.body, now: local)
      } else {
        change = nodes[node].machine.deleted(now: local)
      }
    case .refused: nodes[node].machine.refused()
    case .unknown:
      if sent.action == .look {
        nodes[node].machine.failed(now: local, random: random.next())
      } else {
        nodes[node].machine.outcomeUnknown()
      }
    case .failed: nodes[node].machine.failed(now: local, random: random.next())
    }
    if case .acquired(_?) = change { takeovers += 1 }
  }

  private mutating func strike(_ node: Int) {
    schedule(.strike(node: node), in: leaseSecond)
    if happens(faults.stops, of: 1000) { nodes[node].stoppedUntil = now + below(4 * timing.timeout) }
    guard happens(faults.kills, of: 1000) else { return }
    nodes[node].life += 1
    let life = nodes[node].life
    nodes[node].machine = Self.machine(node, life, timing, deletes)
    nodes[node].run = Self.run(node, life)
    nodes[node].isBusy = false
    nodes[node].stoppedUntil = 0
    nodes[node].waitingSince = []
    nodes[node].committing = 0
    nodes[node].holdsAsScript = false
    if nodes[node].isScript { schedule(.script(node: node, life: life, .look), in: below(20 * leaseSecond)) }
  }

  // MARK: A client of s3-sync2

  private mutating func script(_ node: Int, _ step: ScriptStep) {
    let uid = "uid-\(node)\n"
    func isOwn(_ lock: Lock?) -> Bool { lock?.body == uid }
    /// The AWS CLI takes its time to start.
    let call = leaseSecond / 3 + below(leaseSecond)
    func next(_ step: ScriptStep, in delay: Int64, _ world: inout LeaseWorld) {
      world.schedule(.script(node: node, life: world.nodes[node].life, step), in: delay)
    }
    switch step {
    case .look:
      let isFresh = lock.map { now - $0.modified <= timing.timeout } ?? false
      if isFresh, !isOwn(lock) { return next(.look, in: call + below(30) * leaseSecond, &self) }
      if isFresh { lock = nil }
      next(.overwrite, in: call, &self)
    case .overwrite:
      lock = Lock(body: uid, modified: now)
      next(.check, in: call, &self)
    case .check:
      guard isOwn(lock) else { return next(.look, in: below(30) * leaseSecond, &self) }
      nodes[node].holdsAsScript = true
      scriptTurns += 1
      next(.release, in: below(happens(10, of: 100) ? 2 * timing.timeout : 10 * leaseSecond), &self)
    case .release:
      nodes[node].holdsAsScript = false
      next(isOwn(lock) ? .erase : .look, in: call, &self)
    case .erase:
      // It does not look again.
      lock = nil
      next(.look, in: below(60) * leaseSecond, &self)
    }
  }

  // MARK: What must hold

  private mutating func check() {
    let holders = nodes.indices.filter {
      !nodes[$0].isScript && nodes[$0].machine.isValid(now: clock($0))
    }
    // What s3-sync2 overwrites blindly nobody can exclude.
    if holders.count > 1, !hasScripts { violations.append("at \(now): \(holders) hold it at once") }
    for index in nodes.indices where isOwn(lock, index) { nodes[index].lastOwn = now }
    let somebodyWaits = nodes.indices.contains {
      nodes[$0].stoppedUntil <= now && !nodes[$0].waitingSince.isEmpty
    }
    if holders.isEmpty, somebodyWaits {
      // Who took it and was stopped or killed in the same moment counts as a holder of his own.
      let since = max(vacantSince ?? now, lock?.modified ?? 0)
      vacantSince = since
      longestVacancy = max(longestVacancy, now - since)
    } else {
      vacantSince = nil
    }
  }

  private func isOwn(_ lock: Lock?, _ node: Int) -> Bool {
    lock?.run == nodes[node].run
  }

  /// Whose lock was overwritten is known to him who is about to commit.
  private mutating func checkCommit(_ node: Int) {
    guard !isOwn(lock, node) else { return }
    if now - nodes[node].lastOwn > 2 * (timing.freshness + timing.renewal) {
      violations.append("at \(now): \(node) commits without the lock")
    }
  }

  /// A live lock of s3-sync2 is never replaced. What it wrote again since the look has the same ETag.
  private mutating func checkReplacement(_ sent: Sent, _ node: Int) {
    guard let lock, lock.run == nil, lock.modified <= sent.lookLanded else { return }
    if now - lock.modified < timing.timeout {
      violations.append("at \(now): \(node) takes \(lock.body) after \((now - lock.modified) / leaseSecond) s")
    }
  }
}

/// Events by time, and by their order.
struct EventQueue<Event> {
  private var heap: [(time: Int64, order: Int, event: Event)] = []
  private var order = 0

  mutating func insert(_ event: Event, at time: Int64) {
    order += 1
    heap.append((time, order, event))
    var child = heap.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popFirst(before end: Int64) -> (Int64, Event)? {
    guard let first = heap.first, first.time < end else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < heap.count }
      guard let least = children.min(by: { precedes($0, $1) }), precedes(least, parent) else { break }
      heap.swapAt(least, parent)
      parent = least
    }
    return (first.time, first.event)
  }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    (heap[left].time, heap[left].order) < (heap[right].time, heap[right].order)
  }
}
