import Glibc
import Logging
import NIOCore
import NIOPosix

/// Answers every connection to the control socket with one JSON document and closes it. What is asked stands in the
/// first line (``ControlRequest``).
struct ControlServer: Sendable {
  typealias Server = NIOAsyncChannel<NIOAsyncChannel<ByteBuffer, ByteBuffer>, Never>

  let path: ControlSocketPath
  let logger: Logger
  let reply: @Sendable (ControlRequest) async -> [UInt8]

  /// Runs until cancelled. Where no socket can be had it says so and tries again: syncing goes on without status.
  func run() async {
    var told: String?
    while !Task.isCancelled {
      do {
        let server = try await bind()
        told = nil
        try await serve(server)
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

  private func bind() async throws -> Server {
    unlink(path.pointer)
    if let preferred = path.preferred {
      do {
        return try await bind(preferred)
      } catch {
        logger.debug("cannot listen at \(preferred): \(error); using a runtime folder")
      }
    }
    let fallback = try path.fallback()
    let server = try await bind(fallback)
    guard FileCalls.writeText(fallback + "\n", to: path.pointer) else {
      throw MartletError(.state, "cannot write \(path.pointer): \(FileCalls.lastError)")
    }
    return server
  }

  private func bind(_ socket: String) async throws -> Server {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(unixDomainSocketPath: socket, cleanupExistingSocketFile: true) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
  }

  private func answer(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) async -> [UInt8] {
    guard let line = await Self.line(of: inbound) else { return await reply(ControlRequest(.status)) }
    do throws(ControlFailure) {
      return await reply(try ControlRequest(line: line))
    } catch {
      return error.json()
    }
  }

  /// How long a client may think; the first ones said nothing.
  private static let silence = Duration.milliseconds(250)
  private static let longestLine = 65_536

  /// Nil where none comes.
  private static func line(of inbound: NIOAsyncChannelInboundStream<ByteBuffer>) async -> [UInt8]? {
    await withTaskGroup(of: [UInt8]?.self) { group in
      group.addTask {
        var line: [UInt8] = []
        do {
          for try await part in inbound {
            line += part.readableBytesView.prefix { $0 != UInt8(ascii: "\n") }
            if part.readableBytesView.contains(UInt8(ascii: "\n")) || line.count > longestLine { break }
          }
        } catch {
          // What has come is looked at.
        }
        return line.isEmpty ? nil : line
      }
      group.addTask {
        try? await Task.sleep(for: silence)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
  }

  private func serve(_ server: Server) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      try await server.executeThenClose { clients in
        for try await client in clients {
          group.addTask {
            // A client that goes away early concerns nobody else.
            try? await client.executeThenClose { inbound, outbound in
              try await outbound.write(ByteBuffer(bytes: await answer(inbound)))
            }
          }
        }
      }
    }
  }
}
