internal import NIOCore
internal import NIOHTTP1

extension S3Client {
  /// Where the bucket sends its events: the XML document as the server gives it.
  public func getBucketNotifications(_ bucket: String) async throws -> [UInt8] {
    let call = S3Call(
      operation: "GetBucketNotificationConfiguration", method: .GET, bucket: bucket, query: [("notification", nil)])
    return try await perform(call) { try await $0.collect() }
  }

  /// Replaces the whole configuration.
  public func putBucketNotifications(_ document: [UInt8], of bucket: String) async throws {
    let call = S3Call(
      operation: "PutBucketNotificationConfiguration", method: .PUT, bucket: bucket, query: [("notification", nil)],
      body: .bytes(ByteBuffer(bytes: document)), isWrite: true)
    try await perform(call) { _ = try await $0.collect() }
  }
}
