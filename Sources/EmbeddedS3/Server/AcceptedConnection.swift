import HummingbirdCore
import Logging
import NIOConcurrencyHelpers
package import NIOCore
import NIOHTTPTypes

/// A connection that may be dropped before the server takes it, as those are that wait when it is cancelled: it closes
/// itself where nobody takes it.
///
/// An asynchronous channel of NIO that is released unused ends the process (swift-nio 2637).
package final class AcceptedConnection<Inbound: Sendable, Outbound: Sendable>: Sendable {
  package typealias Stream = NIOAsyncChannel<Inbound, Outbound>

  private let stream: Stream
  private let isTaken = NIOLockedValueBox(false)

  package init(_ stream: Stream) { self.stream = stream }

  deinit {
    if isTaken.withLockedValue({ $0 }) { return }
    Task { [stream] in try? await stream.executeThenClose { _, _ in } }
  }

  package func take() -> Stream {
    isTaken.withLockedValue { $0 = true }
    return stream
  }
}

extension AcceptedConnection: ServerChildChannelValue {
  package var channel: any Channel { stream.channel }
}

/// HTTP/1 whose connections may be dropped.
struct DroppableHTTP1: ServerChildChannel {
  let http: HTTP1Channel

  func setup(
    channel: any Channel, logger: Logger
  ) -> EventLoopFuture<AcceptedConnection<HTTPRequestPart, HTTPResponsePart>> {
    http.setup(channel: channel, logger: logger).map(AcceptedConnection.init)
  }

  func handle(value connection: AcceptedConnection<HTTPRequestPart, HTTPResponsePart>, logger: Logger) async {
    await http.handle(value: connection.take(), logger: logger)
  }
}
