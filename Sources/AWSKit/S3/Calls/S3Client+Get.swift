internal import AsyncHTTPClient
public import NIOCore
internal import NIOHTTP1

extension S3Client {
  /// - Throws: ``S3Error``: `noSuchKey` (also where the bucket is missing: HEAD replies do not say), `notModified`,
  ///   `preconditionFailed`, …
  public func headObject(
    bucket: String, key: String, versionID: String? = nil, condition: S3Condition? = nil, retry: S3Retry = .idempotent
  ) async throws -> S3ObjectHead {
    var call = S3Call(operation: "HeadObject", method: .HEAD, bucket: bucket, key: key, retry: retry)
    call.addQuery("versionId", versionID)
    call.addCondition(condition, configuration.etagQuoting)
    if configuration.checksDownloads { call.addHeader("x-amz-checksum-mode", "ENABLED") }
    call.addCustomerKey(configuration.customerKey)
    do {
      return try await perform(call) { S3ObjectHead(status: $0.status, headers: $0.headers) }
    } catch var error as S3Error where error.status == 400 {
      // The reply has no body that would say so.
      error.message +=
        configuration.customerKey == nil
        ? "; perhaps the object is encrypted with a customer's key"
        : "; perhaps the object is not encrypted with the customer's key that was given"
      throw error
    }
  }

  /// - Parameters:
  ///   - range: bytes; nil: the whole object. Not empty.
  /// - Returns: when the head has arrived; the body follows as it is read. A body that is dropped closes its
  ///   connection.
  public func getObject(
    bucket: String, key: String, range: Range<Int64>? = nil, versionID: String? = nil, condition: S3Condition? = nil,
    retry: S3Retry = .idempotent
  ) async throws -> S3Object {
    var call = S3Call(operation: "GetObject", method: .GET, bucket: bucket, key: key, retry: retry)
    call.addQuery("versionId", versionID)
    call.addCondition(condition, configuration.etagQuoting)
    if let range {
      guard !range.isEmpty, range.lowerBound >= 0 else {
        throw S3Error(.invalidArgument, message: "the range \(range) is empty", operation: call.description)
      }
      call.addHeader("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
    }
    if configuration.checksDownloads { call.addHeader("x-amz-checksum-mode", "ENABLED") }
    call.addCustomerKey(configuration.customerKey)
    let operation = call.description
    return try await perform(call) { reply in
      let head = S3ObjectHead(status: reply.status, headers: reply.headers)
      if let range, !head.isReply(to: range) {
        throw S3Error(.malformedReply, status: reply.status, message: "the reply is not for the range asked for")
      }
      return S3Object(
        head: head,
        body: S3ObjectBody(
          body: reply.body, expectedLength: head.contentLength, operation: operation,
          limiter: configuration.bandwidth.down))
    }
  }

  /// The whole object or range through a closure.
  /// - Parameter consume: called with each chunk in order.
  @discardableResult
  public func getObject(
    bucket: String, key: String, range: Range<Int64>? = nil, versionID: String? = nil, condition: S3Condition? = nil,
    isolation: isolated (any Actor)? = #isolation, consume: (ByteBuffer) async throws -> Void
  ) async throws -> S3ObjectHead {
    let object = try await getObject(
      bucket: bucket, key: key, range: range, versionID: versionID, condition: condition)
    for try await chunk in object.body { try await consume(chunk) }
    return object.head
  }
}

/// The reply to GetObject.
public struct S3Object: Sendable {
  public let head: S3ObjectHead
  public let body: S3ObjectBody
}

/// The content of an object as it arrives; to be read once.
public struct S3ObjectBody: AsyncSequence, Sendable {
  public typealias Element = ByteBuffer

  let body: HTTPClientResponse.Body
  let expectedLength: Int64?
  let operation: String
  let limiter: BandwidthLimiter

  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(
      upstream: body.makeAsyncIterator(), expectedLength: expectedLength, operation: operation, limiter: limiter)
  }

  public struct AsyncIterator: AsyncIteratorProtocol {
    var upstream: HTTPClientResponse.Body.AsyncIterator
    let expectedLength: Int64?
    let operation: String
    let limiter: BandwidthLimiter
    var received: Int64 = 0

    /// - Throws: ``S3Error`` (`connectionLost`, `timedOut`, `truncatedBody`), `CancellationError`.
    public mutating func next() async throws -> ByteBuffer? {
      do {
        if let chunk = try await upstream.next() {
          received += Int64(chunk.readableBytes)
          // More is not read from the connection before.
          try await limiter.pass(chunk.readableBytes)
          return chunk
        }
      } catch {
        throw S3Error(try HTTPFailure(classifying: error), operation: operation, isWrite: false)
      }
      guard expectedLength == nil || received == expectedLength else {
        throw S3Error(
          .truncatedBody, message: "\(received) of \(expectedLength ?? 0) bytes arrived", operation: operation,
          isRetryable: true)
      }
      return nil
    }
  }
}

extension S3ObjectHead {
  /// Whether the body begins where the range does and ends at its end or at that of the object. A server may answer
  /// with the whole object (status 200) when the range covers it.
  fileprivate func isReply(to asked: Range<Int64>) -> Bool {
    guard let range else { return asked.lowerBound == 0 && (contentLength ?? .max) <= asked.upperBound }
    return range.lowerBound == asked.lowerBound && range.upperBound <= asked.upperBound
  }
}
