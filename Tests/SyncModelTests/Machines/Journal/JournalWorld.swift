import SyncModel

let journalSecond: Int64 = 1_000_000_000

/// Nodes that tell each other of their changes by the journal of one prefix, in virtual time.
///
/// Requests land after delays or never, replies are lost, nodes are stopped for long or killed, entries are removed by
/// age and by somebody else, clocks run fast or slow. Each node changes keys of its own, so that for each reader and key
/// it is known after which change he has to look.
struct JournalWorld {
  struct Faults {
    /// Of requests, out of 100.
    var lostRequests = 0
    var lostReplies = 0
    /// Land much later than their sender waits for.
    var lateLandings = 0
    /// Per second and node, out of 1,000.
    var stops = 0
    var kills = 0
    /// Of all entries by somebody else, per second, out of 1,000.
    var wipes = 0
    /// Parts per thousand that a clock runs fast or slow.
    var drift: Int64 = 0
  }

  enum Event {
    case wake(node: Int, timer: Int)
    case land(node: Int, Sent)
    case reply(node: Int, Sent, Reply)
    case change(node: Int)
    /// A commit reaches the bucket, or never does.
    case commit(node: Int, life: Int, RelativePath, lands: Bool, isHeard: Bool)
    case remove([Int64])
    case second
  }

  struct Sent {
    var life: Int
    var number: Int
    var action: JournalMachine.Action
    var sentAt: Int64
    var isDoomed = false
  }

  enum Reply {
    case entry(JournalEntry?)
    case listing(JournalListing)
    case appended
    case refused
    case unknown
    case collected
  }

  struct Node {
    var machine: JournalMachine
    /// Rows of its store.
    var stored: [RelativePath: JournalOutbox.Row] = [:]
    /// Written without a reply, to be found out by its engine.
    var open: Set<RelativePath> = []
    var life = 0
    var isBusy = false
    var stoppedUntil: Int64 = 0
    var timer = 0
    var request = 0
    var drift: Int64 = 0
    /// When it was told to look, by path, at folders, at everything.
    var heard: [RelativePath: Int64] = [:]
    var everything: Int64 = 0
    var requests: [String: Int] = [:]
  }

  let timing: JournalTiming
  var faults: Faults
  /// Changes per second and node, out of 1,000.
  var load: Int
  var random: SeededRandom
  var now: Int64 = 1000 * journalSecond
  var entries: [Int64: (entry: JournalEntry, modified: Int64)] = [:]
  var nodes: [Node] = []
  private(set) var changed: [RelativePath: (node: Int, time: Int64)] = [:]
  private(set) var longestDelay: Int64 = 0
  private(set) var coverage: [String: Int] = [:]
  private var queue = EventQueue<Event>()

  init(seed: UInt64, nodes count: Int, load: Int = 500, timing: JournalTiming, faults: Faults = Faults()) {
    self.timing = timing
    self.faults = faults
    self.load = load
    random = SeededRandom(seed)
    for index in 0..<count {
      nodes.append(Node(machine: Self.machine(index, 0, timing, JournalOutbox(), 0)))
      nodes[index].drift = faults.drift == 0 ? 0 : below(2 * faults.drift + 1) - faults.drift
      nodes[index].everything = now
      schedule(.change(node: index), in: below(journalSecond))
      wake(index, in: below(journalSecond))
    }
    schedule(.second, in: journalSecond)
  }

  private static func machine(
    _ index: Int, _ life: Int, _ timing: JournalTiming, _ outbox: JournalOutbox, _ now: Int64
  ) -> JournalMachine {
    JournalMachine(timing: timing, writer: "n\(index)-\(life)", canAppend: true, outbox: outbox, now: now)
  }

  mutating func below(_ bound: Int64) -> Int64 { Int64.random(in: 0..<max(1, bound), using: &random) }
  private mutating func happens(_ share: Int, of whole: Int64) -> Bool { below(whole) < Int64(share) }
  private mutating func schedule(_ event: Event, in delay: Int64) { queue.insert(event, at: now + delay) }
  private func clock(_ node: Int) -> Int64 { now + now / 1000 * nodes[node].drift }
  private func isStopped(_ node: Int) -> Bool { nodes[node].stoppedUntil > now }

  private mutating func wake(_ node: Int, in delay: Int64) {
    nodes[node].timer += 1
    schedule(.wake(node: node, timer: nodes[node].timer), in: delay)
  }

  mutating func run(for duration: Int64) {
    let end = now + duration
    while let (time, event) = queue.popFirst(before: end) {
      now = time
      handle(event)
    }
    now = end
  }

  /// What every reader must have been told, once nothing happens any more.
  func unheard() -> [String] {
    changed.sorted { $0.key < $1.key }.flatMap { path, change in
      nodes.indices.filter { $0 != change.node && !hasHeard($0, path, since: change.time) }.map {
        "node \($0) was not told of \(path), changed at \(change.time)"
      }
    }
  }

  private func hasHeard(_ node: Int, _ path: RelativePath, since time: Int64) -> Bool {
    let node = nodes[node]
    return node.everything >= time || ([path] + path.ancestors).contains { node.heard[$0].map { $0 >= time } ?? false }
  }

  // MARK: Events

  private mutating func handle(_ event: Event) {
    switch event {
    case .wake(let node, let timer):
      guard timer == nodes[node].timer else { return }
      if isStopped(node) { return wake(node, in: nodes[node].stoppedUntil - now) }
      step(node)
    case .land(let node, let sent): land(node, sent)
    case .reply(let node, let sent, let reply):
      guard sent.life == nodes[node].life, sent.number == nodes[node].request, nodes[node].isBusy else { return }
      if isStopped(node) { return schedule(.reply(node: node, sent, reply), in: nodes[node].stoppedUntil - now) }
      nodes[node].isBusy = false
      take(node, sent, reply)
      step(node)
    case .change(let node):
      schedule(.change(node: node), in: below(2 * journalSecond * 1000 / Int64(max(1, load))))
      if load > 0, !isStopped(node) { change(node) }
    case .commit(let node, let life, let path, let lands, let isHeard): commit(node, life, path, lands, isHeard)
    case .remove(let numbers): for number in numbers { entries[number] = nil }
    case .second:
      schedule(.second, in: journalSecond)
      strike()
    }
  }

  private mutating func step(_ node: Int) {
    guard !nodes[node].isBusy, !isStopped(node) else { return }
    let time = clock(node)
    let action = nodes[node].machine.step(now: time, random: random.next())
    if case .wait(let until) = action {
      return wake(node, in: max(0, (until - time) * 1000 / (1000 + nodes[node].drift)) + 1)
    }
    nodes[node].requests[action.name, default: 0] += 1
    nodes[node].isBusy = true
    nodes[node].request += 1
    var sent = Sent(life: nodes[node].life, number: nodes[node].request, action: action, sentAt: time)
    sent.isDoomed = happens(faults.lostRequests, of: 100)
    let isLate = happens(faults.lateLandings, of: 100)
    schedule(.land(node: node, sent), in: isLate ? below(timing.retention * 2) : 1 + below(journalSecond / 10))
    // Its sender waits for no longer.
    schedule(.reply(node: node, sent, .unknown), in: 10 * journalSecond)
  }

  private mutating func land(_ node: Int, _ sent: Sent) {
    guard !sent.isDoomed else { return }
    let reply: Reply
    switch sent.action {
    case .wait: return
    case .read(let number): reply = .entry(entries[number]?.entry)
    case .list(let from):
      var listing = JournalListing()
      for number in entries.keys.filter({ $0 >= from }).sorted() {
        listing.insert(
          JournalListing.Item(number: number, lastModified: Timestamp(nanoseconds: entries[number]!.modified)))
      }
      reply = .listing(listing)
    case .append(let number, let entry):
      if entries[number] == nil {
        // As it is stored: so small that not all keys fit.
        let read = JournalEntry(writer: entry.writer, packed: entry.packed(limit: 60)) ?? .unreadable
        count("entry", read.news.isEverything ? "everything" : "")
        entries[number] = (read, now)
        reply = .appended
      } else {
        count("race")
        reply = .refused
      }
    case .collect(let number):
      let sorted = entries.keys.sorted()
      let old = zip(sorted, sorted.dropFirst()).filter { $0 < number && now - entries[$1]!.modified > timing.retention }
        .map(\.0)
      if !old.isEmpty { count("collection") }
      schedule(.remove(old.shuffled(using: &random)), in: below(20 * journalSecond))
      reply = .collected
    }
    if happens(faults.lostReplies, of: 100) { return }
    schedule(.reply(node: node, sent, reply), in: 1 + below(journalSecond / 10))
  }

  private mutating func take(_ node: Int, _ sent: Sent, _ reply: Reply) {
    let time = clock(node)
    let word = random.next()
    switch (sent.action, reply) {
    case (.read(let number), .entry(let entry)):
      tell(node, nodes[node].machine.saw(number, entry, sentAt: sent.sentAt, now: time))
    case (.list, .listing(let listing)):
      tell(node, nodes[node].machine.listed(listing, sentAt: sent.sentAt, now: time))
    case (.append(let number, _), .appended):
      for row in nodes[node].machine.appended(number, now: time, random: word) { drop(node, row) }
    case (.append, .refused): nodes[node].machine.refused(now: time, random: word)
    case (.append, _): nodes[node].machine.appendFailed(now: time, random: word)
    case (.collect, .collected): break
    case (.collect, _): nodes[node].machine.collectionFailed(now: time)
    default: nodes[node].machine.failed(now: time, random: word)
    }
  }

  private mutating func tell(_ node: Int, _ news: JournalNews?) {
    guard let news else { return }
    if news.isEverything {
      count("look at everything")
      nodes[node].everything = now
    }
    for (path, place) in news.sorted {
      if place == .folder { count("folder") }
      nodes[node].heard[path] = now
      if let change = changed[path] { longestDelay = max(longestDelay, now - change.time) }
    }
  }

  private mutating func drop(_ node: Int, _ row: JournalOutbox.Row) {
    if let stored = nodes[node].stored[row.path], stored.number <= row.number { nodes[node].stored[row.path] = nil }
  }

  // MARK: Changes

  private mutating func change(_ node: Int) {
    let path = RelativePath(unchecked: "n\(node)/d\(below(4))/f\(below(6))")
    if let row = nodes[node].machine.outbox.begin(path, .written) { nodes[node].stored[path] = row }
    let fate = below(100)
    let lands = fate >= Int64(faults.lostRequests)
    let isHeard = lands && fate < 100 - Int64(faults.lostReplies)
    let life = nodes[node].life
    schedule(
      .commit(node: node, life: life, path, lands: lands, isHeard: isHeard), in: 1 + below(journalSecond / 2))
  }

  private mutating func commit(_ node: Int, _ life: Int, _ path: RelativePath, _ lands: Bool, _ isHeard: Bool) {
    if lands { changed[path] = (node, now) }
    let isThere = life == nodes[node].life
    // Its engine has an intent.
    if lands, !isHeard || !isThere { nodes[node].open.insert(path) }
    guard isThere else { return }
    for row in nodes[node].machine.outbox.end(path, isHeard ? .done : .unknown) { drop(node, row) }
    if nodes[node].machine.changed(now: clock(node)) { wake(node, in: 1) }
  }

  // MARK: Faults

  private mutating func strike() {
    if happens(faults.wipes, of: 1000) {
      count("wipe")
      entries = [:]
    }
    for node in nodes.indices where !isStopped(node) {
      if happens(20, of: 100) { resolve(node) }
      if happens(faults.stops, of: 1000) {
        count("stop")
        nodes[node].stoppedUntil = now + below(3 * timing.retention)
      }
      if happens(faults.kills, of: 1000) { kill(node) }
    }
  }

  /// The engine finds out what became of writes without reply.
  private mutating func resolve(_ node: Int) {
    if nodes[node].open.isEmpty { return }
    for path in nodes[node].open.sorted() {
      nodes[node].machine.outbox.note(path)
      // As if it were stored: the time until it is told is short.
      nodes[node].stored[path] = nodes[node].stored[path] ?? JournalOutbox.Row(path: path, place: .written, number: 0)
    }
    nodes[node].open = []
    if nodes[node].machine.changed(now: clock(node)) { wake(node, in: 1) }
  }

  private mutating func kill(_ node: Int) {
    count("kill")
    nodes[node].life += 1
    nodes[node].isBusy = false
    let rows = Array(nodes[node].stored.values)
    nodes[node].machine = Self.machine(
      node, nodes[node].life, timing, JournalOutbox(stored: rows), clock(node))
    // Each run begins with a look at everything.
    nodes[node].everything = now
    wake(node, in: 1 + below(journalSecond))
  }

  private mutating func count(_ what: String, _ more: String = "") {
    coverage[more.isEmpty ? what : "\(what): \(more)", default: 0] += 1
  }
}

extension JournalMachine.Action {
  fileprivate var name: String {
    switch self {
    case .wait: "wait"
    case .read: "read"
    case .list: "list"
    case .append: "append"
    case .collect: "collect"
    }
  }
}
