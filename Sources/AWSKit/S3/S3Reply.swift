internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

/// A reply whose body has not been read yet.
struct S3Reply: Sendable {
  let status: Int
  let headers: HTTPHeaders
  let body: HTTPClientResponse.Body
  let deadline: ContinuousClock.Instant

  /// The whole body.
  /// - Parameter limit: bytes; a longer body is refused.
  func collect(limit: Int = 4 << 20) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    do {
      for try await chunk in body {
        guard bytes.count + chunk.readableBytes <= limit else {
          throw S3Error(.malformedReply, message: "the reply is longer than \(limit) bytes")
        }
        guard ContinuousClock.now < deadline else {
          throw S3Error(.timedOut, message: "the reply took too long", isRetryable: true)
        }
        bytes.append(contentsOf: chunk.readableBytesView)
      }
    } catch let error as S3Error {
      throw error
    } catch {
      throw try HTTPFailure(classifying: error)
    }
    return bytes
  }

  /// The body as XML, after a look for `<Error>`, which S3 also sends with status 200.
  func xml() async throws -> XMLNode {
    let node = try XMLNode(parsing: await collect())
    if node.name == "Error" { throw FalseSuccess(error: S3ErrorBody(node)) }
    return node
  }
}

/// An `<Error>` in a reply of status 200.
struct FalseSuccess: Error {
  let error: S3ErrorBody
}
