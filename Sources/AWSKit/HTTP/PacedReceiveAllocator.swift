internal import NIOCore

/// How much a connection reads at a time: under a limit little.
///
/// A connection is not read while what came last waits for its turn, and AsyncHTTPClient takes a connection that is
/// not read for long for one that hangs. Up to four buffers come at once; of this size they pass within seconds, though
/// a hundred transfers share the limit.
struct PacedReceiveAllocator: RecvByteBufferAllocator {
  let limiter: BandwidthLimiter
  private var unlimited = AdaptiveRecvByteBufferAllocator()

  init(_ limiter: BandwidthLimiter) { self.limiter = limiter }

  /// For `HTTPClient.Configuration.http1_1ConnectionDebugInitializer`.
  static func install(_ limiter: BandwidthLimiter, on channel: any Channel) -> EventLoopFuture<Void> {
    channel.setOption(.recvAllocator, value: PacedReceiveAllocator(limiter))
  }

  func nextBufferSize() -> Int? {
    let usual = unlimited.nextBufferSize() ?? 2048
    guard let rate = limiter.bytesPerSecond else { return usual }
    return min(usual, max(TokenBucket.portion(at: rate) / 4, 512))
  }

  func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: nextBufferSize() ?? 2048) }

  mutating func record(actualReadBytes: Int) -> Bool { unlimited.record(actualReadBytes: actualReadBytes) }
}
