import Glibc
import Logging
import NIOCore
import NIOPosix

/// Answers every connection to the control socket with one JSON document and closes it. What is asked stands in the
/// first line (``ControlRequest``).
struct ControlServer: Sendable {
  let path: ControlSocketPath
  let logger: Logger
  let reply: @Sendable (ControlRequest) async -> [UInt8]

  /// Runs until cancelled. Where no socket can be had it says so and tries again: syncing goes on without status.
  func run() async {
    var told: String?
    while !Task.isCancelled {
      do {
        let listener = try await bind()
        told = nil
        try await withTaskCancellationHandler {
          try await listener.closeFuture.get()
        } onCancel: {
          listener.close(promise: nil)
        }
      } catch is CancellationError {
        return
      } catch {
        // A full disk, for one, does not stay so.
        if told != "\(error)" { logger.warning("“martlet status” does not work for now: \(error)") }
        told = "\(error)"
      }
      try? await Task.sleep(for: Self.retryInterval)
    }
  }

  private static let retryInterval = Duration.seconds(5)

  private func bind() async throws -> any Channel {
    unlink(path.pointer)
    let (address, folder) = ControlSocketPath.address(of: path.preferred)
    defer { if let folder { close(folder) } }
    do {
      return try await bind(address)
    } catch {
      logger.debug("cannot listen at \(path.preferred): \(error); using a runtime folder")
    }
    let fallback = try path.fallback()
    let listener = try await bind(fallback)
    guard FileCalls.writeText(fallback + "\n", to: path.pointer) else {
      throw MartletError(.state, "cannot write \(path.pointer): \(FileCalls.lastError)")
    }
    return listener
  }

  /// Plain handlers: an accepted connection that a cancelled `NIOAsyncChannel` has not handed on yet ends the process
  /// (swift-nio 2637).
  private func bind(_ socket: String) async throws -> any Channel {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ControlHandler { await answer($0) })
        }
      }
      .bind(unixDomainSocketPath: socket, cleanupExistingSocketFile: true).get()
  }

  private func answer(_ line: [UInt8]) async -> [UInt8] {
    if line.isEmpty { return await reply(ControlRequest(.status)) }
    do throws(ControlFailure) {
      return await reply(try ControlRequest(line: line))
    } catch {
      return error.json()
    }
  }
}

/// One connection: a line, or silence, then the answer, and it is closed.
private final class ControlHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// How long a client may think; the first ones said nothing. On a busy machine it may take long from `connect` to
  /// `send`.
  private static let silence = TimeAmount.seconds(1)
  private static let longestLine = 65_536

  private let answer: @Sendable ([UInt8]) async -> [UInt8]
  private var line: [UInt8] = []
  private var patience: Scheduled<Void>?
  private var isAnswered = false
  private var work: Task<Void, Never>?

  init(answer: @escaping @Sendable ([UInt8]) async -> [UInt8]) { self.answer = answer }

  func channelActive(context: ChannelHandlerContext) {
    patience = context.eventLoop.assumeIsolated().scheduleTask(in: Self.silence) { self.respond(context) }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data).readableBytesView
    guard !isAnswered else { return }
    line += part.prefix { $0 != UInt8(ascii: "\n") }
    if part.contains(UInt8(ascii: "\n")) || line.count > Self.longestLine { respond(context) }
  }

  private func respond(_ context: ChannelHandlerContext) {
    guard !isAnswered else { return }
    isAnswered = true
    patience?.cancel()
    let (answer, line) = (answer, line)
    let promise = context.eventLoop.makePromise(of: [UInt8].self)
    work = Task { promise.succeed(await answer(line)) }
    promise.futureResult.assumeIsolated().whenSuccess { reply in
      context.writeAndFlush(NIOAny(ByteBuffer(bytes: reply))).assumeIsolated().whenComplete { _ in
        context.close(promise: nil)
      }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    patience?.cancel()
    // Nobody waits for the answer any more.
    work?.cancel()
    context.fireChannelInactive()
  }

  /// A client that goes away early concerns nobody else.
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
