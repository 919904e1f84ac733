internal import AWSKit
internal import NIOCore
internal import SyncModel

/// Reads a range, or the whole object, and goes on where it stopped when the connection breaks.
struct RangeReader {
  let download: Download
  /// Nil: the whole object, so that its checksums come along.
  let range: Range<Int64>?
  var version: String?

  /// Failures in a row, without a byte between them, after which it is given up.
  private static let patience = 4

  init(download: Download, range: Range<Int64>?, version: String? = nil) {
    self.download = download
    self.range = range
    self.version = version ?? download.tree.readableVersion(download.stamp)
  }

  /// - Parameters:
  ///   - begin: called once, with the head of the first reply.
  ///   - consume: the bytes in order, with their place in the object.
  ///   - keep: the same as buffers that may be kept.
  func read(
    begin: (S3ObjectHead) -> Void, consume: (UnsafeRawBufferPointer, Int64) throws -> Void,
    keep: (ByteBuffer) -> Void = { _ in }
  ) async throws -> S3ObjectHead {
    let whole = range ?? 0..<download.stamp.size
    var position = whole.lowerBound
    var failures = 0
    var firstHead: S3ObjectHead?
    while true {
      let start = position
      do {
        let object = try await request(from: position, whole)
        try download.check(object.head)
        if firstHead == nil {
          firstHead = object.head
          begin(object.head)
        }
        for try await chunk in object.body {
          guard Int64(chunk.readableBytes) <= whole.upperBound - position else {
            throw S3Error(.malformedReply, message: "the reply is longer than the object")
          }
          try chunk.withUnsafeReadableBytes { try consume($0, position) }
          keep(chunk)
          position += Int64(chunk.readableBytes)
        }
        guard position == whole.upperBound else {
          throw S3Error(.truncatedBody, message: "the body ended early", isRetryable: true)
        }
        return firstHead ?? object.head
      } catch let error as S3Error where error.isRetryable {
        failures = position > start ? 1 : failures + 1
        guard failures < Self.patience else { throw error }
        let retry = download.tree.client.configuration.retry
        try await retry.sleep(retry.baseDelay * (1 << failures) * retry.random())
        // Complete but for the end of the reply, of which nothing was missing.
        if position == whole.upperBound, let firstHead { return firstHead }
      }
    }
  }

  private func request(from position: Int64, _ whole: Range<Int64>) async throws -> S3Object {
    let isWhole = range == nil && position == 0
    return try await download.tree.client.getObject(
      bucket: download.tree.bucket, key: download.key, range: isWhole ? nil : position..<whole.upperBound,
      versionID: version, condition: .ifMatch(download.stamp.etag))
  }
}
