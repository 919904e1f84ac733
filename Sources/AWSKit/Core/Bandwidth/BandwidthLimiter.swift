internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix

/// The limits of both directions. Whoever holds a copy shares them.
public struct BandwidthLimits: Sendable {
  public let up: BandwidthLimiter
  public let down: BandwidthLimiter

  public init() { self.init(timing: .system) }

  init(timing: BandwidthLimiter.Timing) {
    up = BandwidthLimiter(timing: timing)
    down = BandwidthLimiter(timing: timing)
  }
}

/// What all transfers of a direction may move together; without a limit at first.
public final class BandwidthLimiter: Sendable {
  /// Time and alarms, which tests make themselves.
  struct Timing: Sendable {
    /// On a clock that does not go back.
    var now: @Sendable () -> Duration
    var schedule: @Sendable (Duration, @escaping @Sendable () -> Void) -> Void

    static let system: Timing = {
      let start = ContinuousClock.now
      return Timing(
        now: { ContinuousClock.now - start },
        schedule: { delay, action in
          _ = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: TimeAmount(delay), action)
        })
    }()
  }

  private struct State {
    var bucket: TokenBucket
    var waiting: [TokenBucket.Ticket: CheckedContinuation<Int, any Error>] = [:]
    var nextTicket: TokenBucket.Ticket = 0
    /// When the next alarm comes.
    var alarm: Duration?
    var lastGrant: Duration?
  }

  private let timing: Timing
  private let state: NIOLockedValueBox<State>

  init(timing: Timing) {
    self.timing = timing
    state = NIOLockedValueBox(State(bucket: TokenBucket(now: timing.now())))
  }

  /// Bytes per second; nil: no limit. A change holds at once, for transfers under way as well.
  /// - Precondition: more than 0.
  public var bytesPerSecond: Int64? {
    get { state.withLockedValue(\.bucket.rate) }
    set {
      let now = timing.now()
      state.withLockedValue { $0.bucket.setRate(newValue.map { max(1, $0) }, now: now) }
      advance()
    }
  }

  /// Since bytes last passed under a limit; nil where none did.
  package var timeSinceLastGrant: Duration? { state.withLockedValue(\.lastGrant).map { timing.now() - $0 } }

  /// Waits until it is this transfer's turn.
  /// - Returns: bytes that may pass, 1 … `bytes`.
  /// - Throws: `CancellationError`.
  func take(atMost bytes: Int) async throws -> Int {
    let ticket: TokenBucket.Ticket? = state.withLockedValue { state in
      guard state.bucket.rate != nil else { return nil }
      state.nextTicket += 1
      return state.nextTicket
    }
    guard let ticket, bytes > 0 else { return bytes }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        state.withLockedValue { state in
          state.waiting[ticket] = continuation
          state.bucket.request(ticket, atMost: bytes)
        }
        // The handler may have come before there was anything to withdraw.
        if Task.isCancelled { withdraw(ticket) }
        advance()
      }
    } onCancel: {
      withdraw(ticket)
    }
  }

  /// Waits until all of them may have passed.
  /// - Throws: `CancellationError`.
  func pass(_ bytes: Int) async throws {
    var rest = bytes
    while rest > 0 { rest -= try await take(atMost: rest) }
  }

  private func withdraw(_ ticket: TokenBucket.Ticket) {
    let continuation = state.withLockedValue { state in
      state.bucket.withdraw(ticket)
      return state.waiting.removeValue(forKey: ticket)
    }
    continuation?.resume(throwing: CancellationError())
    advance()
  }

  private func advance() {
    let now = timing.now()
    let (granted, alarm) = state.withLockedValue { state in
      let grants = state.bucket.grants(now: now)
      if !grants.isEmpty { state.lastGrant = now }
      let granted = grants.map { (state.waiting.removeValue(forKey: $0.ticket), $0.bytes) }
      guard let next = state.bucket.nextGrant, state.alarm.map({ next < $0 }) ?? true else {
        return (granted, Duration?.none)
      }
      state.alarm = next
      return (granted, next)
    }
    for (continuation, bytes) in granted { continuation?.resume(returning: bytes) }
    guard let alarm else { return }
    timing.schedule(max(.zero, alarm - now)) { [self] in
      state.withLockedValue { if $0.alarm == alarm { $0.alarm = nil } }
      advance()
    }
  }
}
