import Foundation
import NIOConcurrencyHelpers

/// Nodes behind bad proxies, users at work in every folder, and a hand that kills, stops and starts; then rest.
final class Torture: Sendable {
  let form: TortureForm
  let workspace: Workspace
  let server: TestServer
  let nodes: [Node]
  let proxies: [BadProxy]
  let users: [TortureUser]
  let ledger: TortureLedger
  private let events = NIOLockedValueBox<[String: Int]>([:])

  private init(
    _ form: TortureForm, _ workspace: Workspace, _ server: TestServer, _ proxies: [BadProxy], _ ledger: TortureLedger
  ) throws {
    self.form = form
    self.workspace = workspace
    self.server = server
    self.proxies = proxies
    self.ledger = ledger
    let options = [
      "--full-pass-every", "15s", "--shutdown-timeout", "5s", "--max-delete", "none", "--log-level", "debug",
    ]
    var seeds = TortureGenerator(seed: form.seed)
    nodes = try proxies.indices.map { index in
      try Node(
        String(UnicodeScalar(UInt8(ascii: "a") + UInt8(index))), in: workspace, server: server,
        url: proxies[index].url, options: options)
    }
    users = nodes.map {
      TortureUser($0.name, root: $0.root, ledger: ledger, habits: form.habits(of: $0.name), seed: seeds.next())
    }
  }

  /// Runs it to the end and judges.
  static func run(_ form: TortureForm, in workspace: Workspace) async throws {
    try await TestServer.run(form.kind, in: workspace, asProcess: true) { server in
      var seeds = TortureGenerator(seed: form.seed ^ 0xbad)
      var proxies: [BadProxy] = []
      for _ in 0..<form.nodes {
        let plan = ProxyPlan(
          seed: seeds.next(), badness: form.badness, faults: form.faults, patience: form.patience)
        proxies.append(try await BadProxy(serverPort: Int(server.port), plan: plan))
      }
      let torture = try Torture(form, workspace, server, proxies, TortureLedger())
      try await withThrowingTaskGroup(of: Void.self) { group in
        for proxy in proxies { group.addTask { try await proxy.run() } }
        // Also the connections that nodes keep open.
        defer { group.cancelAll() }
        do {
          try await torture.work()
          try await torture.rest()
          try await torture.judge()
        } catch {
          // The nodes' logs hold more than the last lines: they stay.
          workspace.keep()
          for user in torture.users { await user.end() }
          throw TortureFailure("\(error)\n\(torture.report)\nEverything is kept in \(workspace.path)")
        }
        print(torture.report)
      }
    }
  }

  func count(_ event: String) { events.withLockedValue { $0[event, default: 0] += 1 } }

  var report: String {
    func list(_ counts: [String: Int]) -> String {
      counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
    let faults = Dictionary(faultCounts.map { ($0.key.rawValue, $0.value) }) { $0 + $1 }
    let actions = ledger.counts
    return """
      Torture on \(form.kind.rawValue), seed \(form.seed), \(form.duration), \(form.nodes) nodes:
        \(actions.values.reduce(0, +)) actions of users: \(list(actions))
        \(ledger.completed) contents completed, \(ledger.superseded) given up, \(ledger.unseenCount) replaced unseen
        events: \(list(events.withLockedValue { $0 }))
        \(proxies.map(\.requests.count).reduce(0, +)) requests, \(faults.values.reduce(0, +)) faults: \(list(faults))
      """
  }

  var faultCounts: [ProxyFault: Int] {
    proxies.map(\.counts).reduce(into: [:]) { sum, counts in sum.merge(counts) { $0 + $1 } }
  }
}

struct TortureFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

// MARK: - Work

extension Torture {
  private func work() async throws {
    var generator = TortureGenerator(seed: form.seed ^ 0xdead)
    for proxy in proxies { proxy.mode = .good }
    for node in nodes { try await node.started() }
    for proxy in proxies { proxy.mode = .bad }
    for user in users { user.begin() }
    let end = ContinuousClock.now + form.duration
    while ContinuousClock.now < end {
      try await pause(generator.milliseconds(form.pauses))
      try await event(&generator)
    }
    try await everyFault()
    for user in users { await user.end() }
  }

  /// A machine with much else to do gets through few requests in the time: the users go on until each kind was met.
  private func everyFault() async throws {
    let limit = ContinuousClock.now + .seconds(120)
    while case let missing = form.faults.filter({ faultCounts[$0, default: 0] == 0 }), !missing.isEmpty {
      guard ContinuousClock.now < limit else { throw TortureFailure("these faults never happened: \(missing)") }
      try await pause(.milliseconds(200))
    }
  }

  /// Nodes that end by themselves before they are ready are started again; after that they must never end.
  private func pause(_ duration: Duration) async throws {
    let end = ContinuousClock.now + duration
    repeat {
      try await Task.sleep(for: .milliseconds(50))
      for node in nodes {
        guard let ended = node.process?.poll() else { continue }
        guard access(node.readyFile, F_OK) != 0 else {
          throw TortureFailure("\(node.name) ended by itself with \(ended) after its first pass")
        }
        count("start refused")
        ledger.note(node.name, "ended before it was ready with \(ended); started again")
        try node.launched()
      }
    } while ContinuousClock.now < end
  }

  private func event(_ generator: inout TortureGenerator) async throws {
    let node = nodes[generator.below(nodes.count)]
    let absence = generator.milliseconds(form.absences)
    let choice = generator.below(20)
    switch choice {
    case 0..<8: try await killed([node], absence)
    case 8: try await killed(nodes, absence)
    case 9..<13: try await terminated(node, absence, &generator)
    case 13..<16:
      node.process?.send(SIGSTOP)
      note(node, "SIGSTOP")
      try await Task.sleep(for: absence)
      node.process?.send(SIGCONT)
      note(node, "SIGCONT")
    case 16, 17:
      let proxy = proxies[generator.below(proxies.count)]
      ledger.note("network", "down for \(absence)")
      count("network down")
      proxy.mode = .down
      try await Task.sleep(for: absence)
      proxy.mode = .bad
    default: try await serverFails(absence)
    }
  }

  private func note(_ node: Node, _ what: String) {
    ledger.note(node.name, what)
    count(what)
  }

  private func killed(_ victims: [Node], _ absence: Duration) async throws {
    for node in victims {
      try await node.killed()
      note(node, "SIGKILL")
    }
    try await Task.sleep(for: absence)
    for node in victims {
      try node.launched()
      ledger.note(node.name, "started")
    }
  }

  /// Killed where it does not end soon: also in the middle of its last uploads.
  private func terminated(_ node: Node, _ absence: Duration, _ generator: inout TortureGenerator) async throws {
    guard let process = node.process else { return }
    process.send(SIGTERM)
    note(node, "SIGTERM")
    let limit = ContinuousClock.now + generator.milliseconds(0...8000) / (form.killsAtRest ? 4 : 1)
    while process.poll() == nil, ContinuousClock.now < limit { try await Task.sleep(for: .milliseconds(20)) }
    if process.poll() == nil {
      try await killed([node], absence)
    } else {
      count("orderly end")
      try await Task.sleep(for: absence)
      try node.launched()
      ledger.note(node.name, "started")
    }
  }

  private func serverFails(_ absence: Duration) async throws {
    guard form.restartsServer else {
      server.child?.send(SIGSTOP)
      ledger.note("server", "SIGSTOP for \(absence)")
      count("server stopped")
      try await Task.sleep(for: absence)
      server.child?.send(SIGCONT)
      return
    }
    ledger.note("server", "SIGKILL, down for \(absence)")
    count("server killed")
    try await server.interrupted(in: workspace) { try await Task.sleep(for: absence) }
    ledger.note("server", "started")
  }
}
