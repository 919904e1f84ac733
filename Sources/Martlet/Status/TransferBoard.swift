package import SyncEngine

/// The transfers under way and how fast they go; a pure value, fed with events and times.
package struct TransferBoard: Sendable {
  package struct Row: Hashable, Sendable {
    package var transfer: Transfer
    /// Bytes.
    package var moved: Int64 = 0
  }

  private var rows: [Transfer.ID: Row] = [:]
  /// Bytes since the last quiet time.
  package private(set) var movedBytes: Int64 = 0
  package private(set) var knownBytes: Int64 = 0
  package private(set) var finishedCount = 0
  package private(set) var startedCount = 0
  private var samples: [(time: Int64, bytes: Int64)] = []

  package init() {}

  package var active: [Row] { rows.values.sorted { $0.transfer.id.value < $1.transfer.id.value } }

  /// `now` in nanoseconds of any clock that does not go back.
  package mutating func record(_ event: EngineEvent, now: Int64) {
    switch event {
    case .transferStarted(let transfer):
      if rows.isEmpty, let last = samples.last, now - last.time > Self.quiet { self = TransferBoard() }
      rows[transfer.id] = Row(transfer: transfer)
      knownBytes += transfer.size
      startedCount += 1
      if samples.isEmpty { samples = [(now, movedBytes)] }
    case .transferProgressed(let id, let bytes):
      guard var row = rows[id] else { return }
      row.moved += bytes
      rows[id] = row
      movedBytes += bytes
      sample(now)
    case .transferEnded(let id, let failure):
      guard let row = rows.removeValue(forKey: id) else { return }
      // What a failed transfer lacks will not come; a retry announces itself anew.
      let rest = row.transfer.size - row.moved
      if failure == nil { movedBytes += rest } else { knownBytes -= rest }
      finishedCount += 1
      sample(now)
    default: return
    }
  }

  /// Bytes a second over the last ten seconds.
  package func rate(now: Int64) -> Double {
    guard let first = samples.first(where: { now - $0.time <= Self.window }) ?? samples.last, now > first.time else {
      return 0
    }
    return Double(movedBytes - first.bytes) * 1e9 / Double(now - first.time)
  }

  /// Seconds until all known bytes have moved; nil where nothing moves.
  package func remaining(now: Int64) -> Double? {
    let rate = rate(now: now)
    return rate > 0 ? Double(max(0, knownBytes - movedBytes)) / rate : nil
  }

  /// Without transfers for so long, counting begins anew.
  private static let quiet: Int64 = 5_000_000_000
  private static let window: Int64 = 10_000_000_000
  private static let sampleDistance: Int64 = 200_000_000

  private mutating func sample(_ now: Int64) {
    if let last = samples.last, now - last.time < Self.sampleDistance { return }
    samples.append((now, movedBytes))
    // One older sample stays as the beginning of the window.
    while samples.count > 2, now - samples[1].time > Self.window { samples.removeFirst() }
  }
}
