import HummingbirdCore
package import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import ServiceLifecycle

/// A small S3 endpoint for demos and tests, on loopback, with the semantics that AWS documents.
///
/// **Not a store for production.** One process, one lock, everything about every object in memory; bodies and the
/// index survive a killed process but are not synced to the disk; no TLS, no policies, no quotas.
package final class EmbeddedS3Server: Service {
  package let configuration: EmbeddedS3Configuration
  package let faults = FaultTable()
  package let requests = RequestLog()
  private let store: ObjectStore
  private let logger: Logger
  private let port: NIOLockedValueBox<Port>

  fileprivate enum Port {
    case waiting([CheckedContinuation<Int, any Error>])
    case bound(Int)
    case failed(any Error)
  }

  /// Opens the data folder and creates the buckets; ``run()`` opens the port.
  package init(_ configuration: EmbeddedS3Configuration, logger: Logger) throws {
    self.configuration = configuration
    self.logger = logger
    self.port = NIOLockedValueBox(.waiting([]))
    let faults = self.faults
    let now: @Sendable () -> Int64 = { S3Date.now() + faults.clockOffset * 1000 }
    switch configuration.data {
    case .memory: self.store = ObjectStore(now: now)
    case .folder(let path): self.store = try ObjectStore(path: path, now: now)
    }
    for bucket in configuration.buckets where !self.store.allBuckets.contains(where: { $0.name == bucket }) {
      try self.store.createBucket(bucket, region: configuration.region)
    }
  }

  /// Serves until the task is cancelled or its service group shuts down.
  package func run() async throws {
    let responder = S3Responder(
      store: self.store, configuration: self.configuration, faults: self.faults, requests: self.requests,
      logger: self.logger)
    // A server that is cancelled while clients hold connections open calls that an error; it is how every test ends.
    var serverLogger = self.logger
    serverLogger.logLevel = .critical
    // Not an `Application`: that has no way to send 100 Continue or to drop a connection, and dates replies itself.
    let http = HTTPServerBuilder { DroppableHTTP1(http: HTTP1Channel(responder: $0)) }
    let server = try http.buildServer(
      configuration: ServerConfiguration(
        address: .hostname(self.configuration.host, port: self.configuration.port), backlog: 1024),
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: serverLogger,
      responder: { request, writer, _ in try await responder.respond(to: request, writer) },
      onServerRunning: { channel in self.settle(.bound(channel.localAddress?.port ?? 0)) })
    do {
      try await server.run()
    } catch {
      self.settle(.failed(error))
      throw error
    }
    self.settle(.failed(EmbeddedS3Error.notListening(self.configuration.host)))
  }

  /// The port that the server listens on, as soon as it does.
  package func boundPort() async throws -> Int {
    try await withCheckedThrowingContinuation { continuation in
      let known: Port? = self.port.withLockedValue { port in
        guard case .waiting(let continuations) = port else { return port }
        port = .waiting(continuations + [continuation])
        return nil
      }
      if let known { known.resume(continuation) }
    }
  }

  private func settle(_ outcome: Port) {
    let waiting = self.port.withLockedValue { port -> [CheckedContinuation<Int, any Error>] in
      guard case .waiting(let continuations) = port else { return [] }
      port = outcome
      return continuations
    }
    for continuation in waiting { outcome.resume(continuation) }
  }
}

extension EmbeddedS3Server.Port {
  fileprivate func resume(_ continuation: CheckedContinuation<Int, any Error>) {
    switch self {
    case .bound(let port): continuation.resume(returning: port)
    case .failed(let error): continuation.resume(throwing: error)
    case .waiting: break
    }
  }
}
