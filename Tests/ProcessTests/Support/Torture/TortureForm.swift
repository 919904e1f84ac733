import Foundation
import Testing

/// How a torture is run.
struct TortureForm: Sendable {
  var kind: TestServer.Kind
  var seed: UInt64
  /// Of users at work.
  var duration: Duration
  var nodes = 2
  /// Of all requests.
  var badness = 0.08
  /// Of stalls, in milliseconds.
  var patience = 300...2500
  /// Between two events.
  var pauses = 200...1200
  /// How long a node is down or stopped, in milliseconds.
  var absences = 0...1500
  /// Kills all nodes when the users rest: what is tried again later is tried at once.
  var killsAtRest = true
  var restLimit = Duration.seconds(120)

  /// `MARTLET_TORTURE_SECONDS` makes it long; `_SERVER`, `_NODES` and `_SEED` choose.
  static func forms() -> [TortureForm] {
    let environment = ProcessInfo.processInfo.environment
    let wanted = environment["MARTLET_TORTURE_SERVER"].map { $0.split(separator: ",").map(String.init) }
    let kinds = TestServer.Kind.allCases.filter { wanted?.contains($0.rawValue) ?? true }
    return kinds.map { kind in
      let seed = environment["MARTLET_TORTURE_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0..<1_000_000)
      var form = TortureForm(kind: kind, seed: seed, duration: .seconds(kind == .embedded ? 12 : 5))
      // Fewer requests: more of them are bad.
      if kind != .embedded { form.badness = 0.25 }
      if let nodes = environment["MARTLET_TORTURE_NODES"].flatMap(Int.init) { form.nodes = nodes }
      if let seconds = environment["MARTLET_TORTURE_SECONDS"].flatMap(Int.init) {
        form.duration = .seconds(seconds)
        form.badness = 0.08
        form.patience = 500...20_000
        form.pauses = 200...3000
        form.absences = 0...5000
        form.killsAtRest = false
        // A path that has failed for long waits up to five minutes for its next try.
        form.restLimit = .seconds(480)
      }
      return form
    }
  }

  /// What each server can withstand: one that checks nothing stores what a bad network made of a body, and one
  /// without conditions lets a late request overwrite what came after it.
  var faults: [ProxyFault] {
    switch kind {
    case .embedded: ProxyFault.allCases
    case .moto: ProxyFault.allCases.filter { $0 != .corruptRequestBody && $0 != .corruptRequestHeader }
    case .localstack: ProxyFault.allCases.filter { $0 != .corruptRequestHeader && $0 != .landLate }
    case .rclone:
      ProxyFault.allCases.filter {
        $0 != .corruptRequestBody && $0 != .corruptRequestHeader && $0 != .landLate
      }
    }
  }

  /// Whether the server takes a late write of this size, in bytes, for want of a condition: moto has none for the end
  /// of an upload in parts.
  func mayLandLateUnnoticed(_ size: Int64) -> Bool {
    switch kind {
    case .embedded, .localstack: false
    case .moto: size > Self.partwise
    case .rclone: true
    }
  }

  /// Above it files are sent in parts.
  static let partwise: Int64 = 8 << 20

  /// Moto and rclone keep what they know in memory.
  var restartsServer: Bool { kind == .embedded }

  func habits(of node: String) -> TortureUser.Habits {
    var habits = TortureUser.Habits()
    switch kind {
    case .embedded: break
    case .moto:
      habits.pause = 120_000
      // Asked for the ACL of what was sent in parts it fails, so that a change of its metadata alone waits for ever.
      habits.largestTouched = 8 << 20
    case .localstack:
      // It has no conditions for deletions: one writer per key.
      habits.area = node
      habits.pause = 120_000
    case .rclone:
      // Without conditions there is one writer per key.
      habits.area = node
      habits.pause = 150_000
      habits.files = 60
      // It keeps objects as files and folders of one name, and loses sight of one that is made while the other is.
      habits.makesFoldersOfFiles = false
      // A part that was cut off stops the upload that it belongs to: no part of it is answered any more.
      habits.largest = 8 << 20
    }
    return habits
  }
}

extension TortureForm: CustomTestStringConvertible {
  var testDescription: String { "\(kind), seed \(seed), \(duration), \(nodes) nodes" }
}
