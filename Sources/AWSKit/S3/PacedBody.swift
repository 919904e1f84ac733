internal import NIOConcurrencyHelpers
internal import NIOCore

/// The body of one request on its way up, and how long the limit has held it back.
final class PacedBody: Sendable {
  private struct State {
    /// What came and has not passed yet.
    var rest = ByteBuffer()
    var held: Duration = .zero
    var waitingSince: ContinuousClock.Instant?
    var turn: Task<Int, any Error>?
    var hasEnded = false
  }

  private let limiter: BandwidthLimiter
  private let state = NIOLockedValueBox(State())

  /// Bytes that pass at once at most, so that a limit that is set meanwhile holds for the rest.
  static let portion = 1 << 20

  /// Nil where there is nothing to hold back.
  init?(_ body: S3Body?, _ limiter: BandwidthLimiter) {
    guard let body, body.length > (limiter.bytesPerSecond == nil ? Int64(Self.portion) : 0) else { return nil }
    self.limiter = limiter
  }

  /// Time that waiting for the limit has taken so far.
  var held: Duration {
    state.withLockedValue { $0.held + ($0.waitingSince.map { ContinuousClock.now - $0 } ?? .zero) }
  }

  /// The request is over. Its body is read by a task of the HTTP client that nobody cancels: it would take its turn from
  /// others.
  func end() {
    let turn = state.withLockedValue { state in
      state.hasEnded = true
      return state.turn
    }
    turn?.cancel()
  }

  /// To be called once.
  func stream(_ content: S3Body.Content) async throws -> S3ByteStream {
    switch content {
    case .bytes(let buffer):
      state.withLockedValue { $0.rest = buffer }
      return S3ByteStream { try await self.next { nil } }
    case .stream(let open):
      let produce = try await open().makeAsyncIterator().produce
      return S3ByteStream { try await self.next(produce) }
    }
  }

  private func next(_ more: @Sendable () async throws -> ByteBuffer?) async throws -> ByteBuffer? {
    var rest = state.withLockedValue(\.rest)
    while rest.readableBytes == 0 {
      guard let chunk = try await more() else { return nil }
      rest = chunk
    }
    let start = ContinuousClock.now
    let wanted = min(rest.readableBytes, Self.portion)
    let count = limiter.bytesPerSecond == nil ? wanted : try await turn(start, atMost: wanted)
    let portion = rest.readSlice(length: count)
    let left = rest
    state.withLockedValue { state in
      state.rest = left
      (state.waitingSince, state.turn) = (nil, nil)
      state.held += ContinuousClock.now - start
    }
    return portion
  }

  private func turn(_ start: ContinuousClock.Instant, atMost bytes: Int) async throws -> Int {
    let turn = Task { [limiter] in try await limiter.take(atMost: bytes) }
    let hasEnded = state.withLockedValue { state in
      (state.waitingSince, state.turn) = (start, turn)
      return state.hasEnded
    }
    if hasEnded { turn.cancel() }
    return try await withTaskCancellationHandler {
      try await turn.value
    } onCancel: {
      turn.cancel()
    }
  }
}
