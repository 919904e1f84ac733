import HummingbirdCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTPTypes

/// HTTP/1 whose connections may be dropped before the server takes them, as those are that wait when it is cancelled.
///
/// An asynchronous channel of NIO that is released unused ends the process (swift-nio 2637).
struct DroppableHTTP1: ServerChildChannel {
  let http: HTTP1Channel

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<AcceptedConnection> {
    http.setup(channel: channel, logger: logger).map(AcceptedConnection.init)
  }

  func handle(value connection: AcceptedConnection, logger: Logger) async {
    await http.handle(value: connection.take(), logger: logger)
  }
}

/// Closes itself where nobody takes it.
final class AcceptedConnection: ServerChildChannelValue {
  typealias Stream = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

  private let stream: Stream
  private let isTaken = NIOLockedValueBox(false)

  init(_ stream: Stream) { self.stream = stream }

  deinit {
    if isTaken.withLockedValue({ $0 }) { return }
    Task { [stream] in try? await stream.executeThenClose { _, _ in } }
  }

  var channel: any Channel { stream.channel }

  func take() -> Stream {
    isTaken.withLockedValue { $0 = true }
    return stream
  }
}
