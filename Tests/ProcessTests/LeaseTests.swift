import AWSKit
import EmbeddedS3
import Foundation
import Martlet
import SyncModel
import Testing

private let lockKey = "tree/.s3-sync2.lock"

extension FleetTests {
  /// `--dfs`: nodes that take turns, with each other and with s3-sync2.
  @Suite struct Lease {

    /// Processes with `--dfs` over one prefix, each with its own folder and its own keys for the server.
    final class Fleet {
      let workspace: Workspace
      let server: TestServer
      let timeout: Int
      private(set) var processes: [Child?]

      init(_ count: Int, timeout: Int, _ workspace: Workspace, _ server: TestServer) throws {
        self.workspace = workspace
        self.server = server
        self.timeout = timeout
        processes = Array(repeating: nil, count: count)
        for number in 0..<count { _ = try workspace.folder("n\(number)") }
      }

      func root(_ number: Int) -> String { workspace.path + "/n\(number)" }
      func ready(_ number: Int) -> String { workspace.shared + "/ready-\(number)" }

      @discardableResult
      func start(_ number: Int, _ command: String = "s3-sync2", _ more: [String] = []) throws -> Child {
        unlink(ready(number))
        var variables = TestServer.awsVariables
        if server.kind == .embedded {
          variables["AWS_ACCESS_KEY_ID"] = EmbeddedHost.party(number)
          variables["AWS_SECRET_ACCESS_KEY"] = "party"
        }
        let child = try workspace.start(
          [
            try Programs.martlet(), command, root(number), "s3://\(TestServer.bucketName)/tree", "--endpoint-url",
            server.url, "--dfs", "--dfs-lock-timeout", "\(timeout)", "--node-id", "n\(number)", "--poll", "1",
            "--log-level", "debug", "--ready-file", ready(number),
          ] + more, name: "n\(number)-\(workspace.nextNumber())",
          environment: ["PATH": "/usr/bin:/bin", "HOME": workspace.path].merging(variables) { $1 })
        processes[number] = child
        return child
      }

      func started(_ number: Int) async throws {
        let child = try start(number)
        try await eventually("the first pass of n\(number)") {
          if let end = child.poll() { throw Child.Failure(description: "n\(number) ended with \(end): \(child.log)") }
          return exists(ready(number)) ? nil : "it is not ready"
        }
      }

      /// Who holds the lock; nil: nobody.
      func holder() async throws -> String? {
        do {
          let body = String(decoding: try await server.bucket.get(lockKey), as: UTF8.self)
          return LeaseRecord(body: body).map { $0.isReleased ? nil : $0.node } ?? body
        } catch let error as S3Error where error.kind == .noSuchKey {
          return nil
        }
      }

      /// Stops a process in a moment in which it holds the lock.
      func stopHolding(_ number: Int) async throws {
        var round = 0
        try await eventually("n\(number) holds the lock", every: .milliseconds(5)) {
          // Work for it, so that it takes the lock.
          round += 1
          for index in 0..<20 { try write(root(number) + "/busy/\(index)", "\(round) \(index)") }
          guard try await holder() == "n\(number)" else { return "it does not" }
          processes[number]?.send(SIGSTOP)
          if try await holder() == "n\(number)" { return nil }
          processes[number]?.send(SIGCONT)
          return "it gave it back"
        }
      }

      func arrives(_ key: String, within limit: Duration) async throws {
        try await eventually("\(key) in the bucket", within: limit) {
          try await server.bucket.objects("tree/\(key)").isEmpty ? "it is not there" : nil
        }
      }
    }

    @Test(.limit(minutes: 3), arguments: TestServer.Kind.conditional)
    func aKilledHolderIsFollowedAfterTheTimeout(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let fleet = try Fleet(2, timeout: 3, workspace, server)
          try await fleet.started(0)
          try await fleet.started(1)
          try await fleet.stopHolding(0)
          fleet.processes[0]?.send(SIGKILL)
          try write(fleet.root(1) + "/after", "it was killed")
          try await fleet.arrives("after", within: .seconds(8))
          #expect(fleet.processes[1]?.log.contains("took over the lease") == true)

          // Nobody takes it for a file, with or without --dfs.
          let other = try Node("b", in: workspace, server: server)
          try await other.once()
          #expect(text(other.path("after")) == "it was killed")
          #expect(!exists(other.path(".s3-sync2.lock")) && !exists(fleet.root(1) + "/.s3-sync2.lock"))
          fleet.processes[1]?.send(SIGTERM)
          #expect(try await fleet.processes[1]?.ended() == .exited(0))
          #expect(try await fleet.holder() == nil)
        }
      }
    }

    @Test(.limit(minutes: 3)) func aHolderThatWasStoppedCommitsNothingMoreWithoutIt() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          server.embedded?.server?.requests.keepsHeads = true
          let fleet = try Fleet(2, timeout: 2, workspace, server)
          try await fleet.started(0)
          try await fleet.started(1)
          try await fleet.stopHolding(0)
          try write(fleet.root(0) + "/mine", "written while it was stopped")
          try write(fleet.root(1) + "/after", "of the next holder")
          try await fleet.arrives("after", within: .seconds(8))
          fleet.processes[0]?.send(SIGCONT)
          try await fleet.arrives("mine", within: .seconds(20))
          try await eventually("both are equal") {
            text(fleet.root(0) + "/after") == text(fleet.root(1) + "/after")
              && text(fleet.root(1) + "/mine") == text(fleet.root(0) + "/mine") ? nil : "they are not"
          }
          let history = LeaseHistory(try #require(server.embedded?.server).requests.entries)
          #expect(history.unconditional == [])
          // What was under way when it was stopped.
          #expect(history.late.allSatisfy { !$0.hasSuffix("/mine") }, "\(history.late)")
          #expect(history.turns.contains { $0.contains("-1") })
        }
      }
    }

    @Test(.limit(minutes: 2)) func theScriptEndsWhenItHasWaitedForTooLong() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let fleet = try Fleet(1, timeout: 60, workspace, server)
          try write(fleet.root(0) + "/a", "content")
          try await server.bucket.put(lockKey, "0123456789abcdef\n".utf8)
          let child = try fleet.start(0, "s3-sync2", ["-w", "2"])
          #expect(try await child.ended() == .exited(1))
          #expect(child.log.contains("for the lease: 0123456789abcdef holds s3://"), "\(child.log)")
          #expect(try await server.bucket.objects("tree/a").isEmpty)
          #expect(try await server.bucket.get(lockKey) == Array("0123456789abcdef\n".utf8))
        }
      }
    }

    @Test(.limit(minutes: 2)) func syncGoesOnWaiting() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try Node("a", in: workspace, server: server, options: ["--dfs", "-t", "60", "-w", "1"])
          try await node.started()
          try await server.bucket.put(lockKey, "0123456789abcdef\n".utf8)
          try write(node.path("a"), "content")
          try await node.status("it waits for the lease") {
            $0.lease?.state == .awaited && $0.lease?.holder == "0123456789abcdef"
          }
          try await eventually("it tells") {
            node.process?.log.contains("0123456789abcdef holds") == true ? nil : "it does not"
          }
          // What comes down needs no lease.
          try await server.bucket.put("tree/down", "from elsewhere".utf8)
          try await eventually("down") { text(node.path("down")) == nil ? "it is not there" : nil }
          #expect(try await server.bucket.objects("tree/a").isEmpty)
          try await server.bucket.delete(lockKey)
          try await eventually("up") { try await server.bucket.objects("tree/a").isEmpty ? "it is not there" : nil }
          try await node.status("it gives the lease back") { $0.lease?.state == .free }
        }
      }
    }

    @Test(.limit(minutes: 2)) func aServerWithoutConditionsIsRefused() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          server.embedded?.server?.faults.add(Fault(.ignoreConditions, on: [.putObject]))
          let child = try Fleet(1, timeout: 60, workspace, server).start(0, "s3-sync2", ["-p", "0"])
          #expect(try await child.ended() == .exited(1))
          #expect(child.log.contains("--dfs: the server ignores the conditions"), "\(child.log)")
        }
      }
    }

    @Test(.limit(minutes: 2)) func whereDeletionsHaveNoConditionTheLockIsMarked() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          server.embedded?.server?.faults.add(Fault(.ignoreConditions, on: [.deleteObject, .deleteObjects]))
          let fleet = try Fleet(2, timeout: 60, workspace, server)
          for number in 0..<2 {
            try write(fleet.root(number) + "/of \(number)", "content")
            #expect(try await fleet.start(number, "s3-sync2", ["-p", "0"]).ended() == .exited(0))
            #expect(try await fleet.holder() == nil)
          }
          let body = String(decoding: try await server.bucket.get(lockKey), as: UTF8.self)
          #expect(LeaseRecord(body: body)?.isReleased == true && LeaseRecord(body: body)?.node == "n1")
          #expect(text(fleet.root(1) + "/of 0") == "content")
        }
      }
    }

    /// `MARTLET_TEST_LEASE_MINUTES` makes it twelve processes for so long.
    @Test(.timeLimit(.minutes(30))) func theyTakeTurns() async throws {
      let minutes = ProcessInfo.processInfo.environment["MARTLET_TEST_LEASE_MINUTES"].flatMap { Int($0) }
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          server.embedded?.server?.requests.keepsHeads = true
          for (skip, operation) in [
            (4, S3Operation.putObject), (8, .putObject), (2, .deleteObject), (5, .deleteObject),
          ] {
            server.embedded?.server?.faults.add(Fault(.dropAfter, on: [operation], key: lockKey, skip: skip, count: 1))
          }
          // Twelve programs are slow on two processors.
          let fleet = try Fleet(minutes == nil ? 3 : 12, timeout: minutes == nil ? 3 : 10, workspace, server)
          var contention = Contention(fleet)
          try await contention.run(for: minutes.map { .seconds($0 * 60) } ?? .seconds(6), strikes: minutes != nil)
          let history = LeaseHistory(try #require(server.embedded?.server).requests.entries)
          #expect(history.unconditional == [])
          // What was under way when its sender was stopped, or waited for the processor: its own condition held.
          let late = history.late.filter { key in
            !contention.stopped.contains { key.hasPrefix(EmbeddedHost.party($0) + " ") }
          }
          if contention.longestStall < .seconds(fleet.timeout) / 8 { #expect(late == []) }
          #expect(contention.stolen == [])
          #expect(contention.longestVacancy < .seconds(fleet.timeout + 5), "\(contention.longestVacancy)")
          for number in fleet.processes.indices {
            #expect(history.commits[EmbeddedHost.party(number), default: 0] > 0, "\(number)")
          }
          if minutes != nil { print("lease: \(contention.summary); \(history.summary)") }
        }
      }
    }
  }
}

/// What the endpoint's log says of the lock and of the commits between.
private struct LeaseHistory {
  /// Keys of writes that carried no condition.
  private(set) var unconditional: [String] = []
  /// Sender and key of commits that were made while another node held the lock, or nobody.
  private(set) var late: [String] = []
  /// Of commits after s3-sync2 had overwritten the sender's lock.
  private(set) var besideScript = 0
  /// Senders, in turn.
  private(set) var turns: [String] = []
  private(set) var commits: [String: Int] = [:]

  init(_ entries: [RequestLog.Entry]) {
    var holder: String?
    /// Whose lock the script overwrote.
    var overwritten: String?
    /// Whose writes to the lock got no reply; one of them may have taken effect.
    var unanswered: Set<String> = []
    for entry in entries where (200..<300).contains(entry.status) || entry.status == 0 && entry.key == lockKey {
      let headers = entry.headers ?? [:]
      guard let sender = Self.sender(headers), sender.hasPrefix("party-") else {
        if entry.key == lockKey, entry.operation == .putObject || entry.operation == .deleteObject {
          overwritten = holder ?? overwritten
          holder = nil
        }
        continue
      }
      guard [.putObject, .completeMultipartUpload, .copyObject, .deleteObject].contains(entry.operation) else {
        continue
      }
      if entry.key == lockKey {
        guard entry.status != 0 else {
          if entry.operation == .putObject { unanswered.insert(sender) }
          continue
        }
        unanswered = []
        let next = entry.operation == .deleteObject ? nil : sender
        if let next, next != holder { turns.append(next) }
        holder = next
        overwritten = nil
      } else if !entry.key.contains("/.martlet/") {
        commits[sender, default: 0] += 1
        if headers["if-match"] == nil, headers["if-none-match"] == nil { unconditional.append(entry.key) }
        if unanswered.contains(sender) { (holder, unanswered) = (sender, []) }
        if holder != sender {
          if overwritten == sender { besideScript += 1 } else { late.append("\(sender) \(entry.key)") }
        }
      }
    }
  }

  private static func sender(_ headers: [String: String]) -> String? {
    headers["authorization"]?.firstMatch(of: #/Credential=([^/]+)\//#).map { String($0.1) }
  }

  var summary: String {
    "\(turns.count) turns, commits \(commits.values.sorted()), late \(late.count), beside the script \(besideScript)"
  }
}

/// Processes that all have work, some of which are killed or stopped, beside a client of s3-sync2.
private struct Contention {
  let fleet: FleetTests.Lease.Fleet
  private let clock = ContinuousClock()
  private(set) var stopped: Set<Int> = []
  private(set) var stops = 0
  private(set) var kills = 0
  private(set) var scriptTurns = 0
  /// Locks of the script that were taken while they were live.
  private(set) var stolen: [String] = []
  /// How long the lock of one who was killed or stopped was not replaced.
  private(set) var longestVacancy: Duration = .zero
  /// How much longer than it was meant to be a pause was at most: so long processes may wait for the processor, and
  /// requests for the endpoint.
  private(set) var longestStall: Duration = .zero

  init(_ fleet: FleetTests.Lease.Fleet) {
    self.fleet = fleet
  }

  var summary: String {
    "\(kills) killed, \(stops) stopped, \(scriptTurns) turns of the script, longest vacancy \(longestVacancy), longest stall \(longestStall)"
  }

  mutating func run(for duration: Duration, strikes: Bool) async throws {
    for number in fleet.processes.indices { try await fleet.started(number) }
    let end = clock.now + duration
    var round = 0
    var continued: [(number: Int, at: ContinuousClock.Instant)] = []
    var nextStrike = clock.now + .seconds(5)
    while clock.now < end {
      round += 1
      for number in fleet.processes.indices {
        try write("\(fleet.root(number))/of \(number)/\(round % 50)", "\(number) \(round)")
      }
      for (number, _) in continued.filter({ $0.at <= clock.now }) { fleet.processes[number]?.send(SIGCONT) }
      continued.removeAll { $0.at <= clock.now }
      if strikes, clock.now >= nextStrike {
        // The lock is dead for a timeout after each.
        nextStrike = clock.now + .seconds(fleet.timeout * 3)
        if round % 5 == 0 {
          try await scriptTakesATurn()
        } else if let number = try await strike(continued.map(\.number)) {
          continued.append((number, clock.now + .seconds(fleet.timeout * 3)))
        }
      }
      let slept = clock.now
      try await clock.sleep(for: .milliseconds(100))
      longestStall = max(longestStall, clock.now - slept - .milliseconds(100))
    }
    for (number, _) in continued { fleet.processes[number]?.send(SIGCONT) }
  }

  /// Kills or stops whoever holds the lock, and waits for the next.
  private mutating func strike(_ stopped: [Int]) async throws -> Int? {
    guard let holder = try await fleet.holder(), let number = Int(holder.dropFirst()), !stopped.contains(number) else {
      return nil
    }
    let struck = clock.now
    let isKilled = (kills + stops) % 2 == 0
    fleet.processes[number]?.send(isKilled ? SIGKILL : SIGSTOP)
    try await eventually("somebody follows \(holder)", every: .milliseconds(10)) {
      try await fleet.holder() == holder ? "it holds the lock" : nil
    }
    longestVacancy = max(longestVacancy, clock.now - struck)
    if isKilled {
      kills += 1
      try await fleet.processes[number]?.ended()
      try fleet.start(number)
      return nil
    }
    stops += 1
    self.stopped.insert(number)
    return number
  }

  /// As s3-sync2 does it: look for a lock that is not stale, put the own uid, look whether it is still there.
  private mutating func scriptTakesATurn() async throws {
    let uid = Array("0123456789abcdef0123456789abcdef\n".utf8)
    let bucket = fleet.server.bucket
    let limit = clock.now + .seconds(20)
    while clock.now < limit {
      if try await fleet.holder() == nil {
        try await bucket.put(lockKey, uid)
        let put = clock.now
        try await clock.sleep(for: .milliseconds(300))
        guard try await lock() == uid else { continue }
        scriptTurns += 1
        while clock.now < put + .seconds(fleet.timeout - 1) {
          if try await lock() != uid { stolen.append("after \(clock.now - put)") }
          try await clock.sleep(for: .milliseconds(100))
        }
        if try await lock() == uid { try await bucket.delete(lockKey) }
        return
      }
      try await clock.sleep(for: .milliseconds(20))
    }
  }

  private func lock() async throws -> [UInt8]? {
    do { return try await fleet.server.bucket.get(lockKey) } catch let error as S3Error where error.kind == .noSuchKey {
      return nil
    }
  }
}
