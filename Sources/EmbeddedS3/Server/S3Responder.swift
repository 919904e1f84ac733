import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore

/// From a request's head to the last byte of its reply.
struct S3Responder: Sendable {
  private let handler: S3Handler
  private let verifier: SignatureVerifier
  private let store: ObjectStore
  private let configuration: EmbeddedS3Configuration
  private let faults: FaultTable
  private let requests: RequestLog
  private let logger: Logger

  init(
    store: ObjectStore, configuration: EmbeddedS3Configuration, faults: FaultTable, requests: RequestLog, logger: Logger
  ) {
    self.store = store
    self.handler = S3Handler(store: store, region: configuration.region)
    self.verifier = SignatureVerifier(configuration)
    self.configuration = configuration
    self.faults = faults
    self.requests = requests
    self.logger = logger
  }

  /// Throwing closes the connection.
  func respond(to request: Request, _ writer: consuming ResponseWriter) async throws {
    if let path = request.head.path, path.hasPrefix("/_"), let reply = try await self.control(path, request) {
      return try await ReplyWriter(reply, date: self.store.now(), request: request).write(writer)
    }
    let requestID = randomIdentifier()
    var awaitsContinue = request.headers[.expect]?.lowercased() == "100-continue"
    var head: (request: S3Request, operation: S3Operation)?
    var fault: Fault.Action?
    var reply: S3Reply
    do {
      let parsed = try S3Request(request.head)
      let operation = try S3Operation(parsed)
      head = (parsed, operation)
      fault = self.faults.take(operation, key: parsed.key?.string ?? parsed.parameter("prefix") ?? "")
      let verified = try self.verify(parsed, operation)
      try await Self.begin(fault)
      if awaitsContinue {
        try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        awaitsContinue = false
      }
      var effective = parsed
      if case .ignoreConditions = fault { effective.ignoresConditions = true }
      reply = try await self.handler.perform(
        S3Handler.Call(request: effective, operation: operation, verified: verified, body: request.body))
    } catch let error as S3Error {
      reply = S3Reply(error, requestID: requestID)
    } catch let error as BlobError {
      self.logger.error("\(error)")
      reply = S3Reply(
        S3Error(.internalServerError, "InternalError", "We encountered an internal error. Please try again."),
        requestID: requestID)
    } catch {
      self.log(head, status: 0)
      throw error
    }
    if case .dropAfter = fault {
      self.log(head, status: 0)
      throw DroppedConnection()
    }
    self.log(head, status: reply.status.code)
    reply.headers.append(("x-amz-request-id", requestID))
    // Without its 100 the client may or may not send the body: nobody could tell where the next request begins.
    if awaitsContinue { reply.headers.append(("connection", "close")) }
    try await ReplyWriter(reply, date: self.store.now(), request: request, fault: fault).write(writer)
    if awaitsContinue { throw DroppedConnection() }
  }

  private func verify(_ request: S3Request, _ operation: S3Operation) throws -> SignatureVerifier.Verified {
    let bucketRegion = request.bucket.flatMap { try? self.store.bucket($0).region }
    // Calls about no bucket, or one that is yet to be, take any region.
    let region = operation == .createBucket ? nil : bucketRegion
    return try self.verifier.verify(request, region: region, now: self.store.now() / 1000)
  }

  /// The part of a fault that comes before the call.
  private static func begin(_ fault: Fault.Action?) async throws {
    switch fault {
    case .status(let status, let code):
      throw S3Error(HTTPResponse.Status(code: status), code, "Injected by a fault.")
    case .errorInside(let code): throw S3Error(.ok, code, "Injected by a fault.")
    case .dropBefore: throw DroppedConnection()
    case .delay(let milliseconds): try await Task.sleep(for: .milliseconds(milliseconds))
    case nil, .dropAfter, .truncate, .corrupt, .stall, .ignoreConditions: break
    }
  }

  private func log(_ head: (request: S3Request, operation: S3Operation)?, status: Int) {
    guard let (request, operation) = head else { return }
    var entry = RequestLog.Entry(
      operation: operation, bucket: request.bucket ?? "",
      key: request.key?.string ?? request.parameter("prefix") ?? "", status: status)
    if self.requests.keepsHeads {
      entry.target = "\(request.method.rawValue) \(request.path)\(request.query.isEmpty ? "" : "?")\(request.query)"
      entry.headers = request.headers
    }
    self.requests.record(entry)
  }

  /// `GET /_stat`, `GET|DELETE /_requests`, `GET|PUT|DELETE /_faults`. No bucket's name begins with `_`.
  private func control(_ path: String, _ request: Request) async throws -> S3Reply? {
    switch (path, request.method) {
    case ("/_stat", .get):
      let counts = Dictionary(uniqueKeysWithValues: self.requests.counts.map { ($0.rawValue, $1) })
      return try Self.json(counts)
    case ("/_requests", .get) where self.configuration.isControllable: return try Self.json(self.requests.entries)
    case ("/_requests", .delete) where self.configuration.isControllable:
      self.requests.reset()
      return S3Reply(.noContent)
    case ("/_faults", .get) where self.configuration.isControllable: return try Self.json(self.control)
    case ("/_faults", .delete) where self.configuration.isControllable:
      self.faults.removeAll()
      return S3Reply(.noContent)
    case ("/_faults", .put) where self.configuration.isControllable:
      let body = try await request.body.collect(upTo: 1 << 20)
      do {
        let control = try JSONDecoder().decode(FaultControl.self, from: Data(body.readableBytesView))
        self.faults.faults = control.faults
        self.faults.clockOffset = control.clockOffset ?? 0
        return S3Reply(.noContent)
      } catch {
        return S3Reply(.badRequest, body: .bytes(ByteBuffer(string: "\(error)\n")))
      }
    default: return nil
    }
  }

  private var control: FaultControl {
    FaultControl(faults: self.faults.faults, clockOffset: self.faults.clockOffset)
  }

  /// The body of `/_faults`.
  private struct FaultControl: Codable {
    var faults: [Fault]
    /// Seconds.
    var clockOffset: Int64?
  }

  private static func json(_ value: some Encodable) throws -> S3Reply {
    let data = try JSONEncoder().encode(value)
    return S3Reply(headers: [("content-type", "application/json")], body: .bytes(ByteBuffer(bytes: data)))
  }
}

/// Thrown to make the server close the connection.
struct DroppedConnection: Error {}
