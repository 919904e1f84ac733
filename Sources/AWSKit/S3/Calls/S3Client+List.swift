internal import NIOHTTP1

extension S3Client {
  /// One page, ascending in the order of UTF-8 bytes (of the servers that keep to it).
  /// - Parameters:
  ///   - continuationToken: of the page before; `startAfter` is then without effect.
  ///   - maximumKeys: 1 … 1,000; nil: the server's limit.
  public func listObjectsV2(
    bucket: String, prefix: String = "", delimiter: String? = nil, startAfter: String? = nil,
    continuationToken: String? = nil, maximumKeys: Int? = nil, retry: S3Retry = .idempotent
  ) async throws -> S3ListPage {
    var call = S3Call(operation: "ListObjectsV2", method: .GET, bucket: bucket, retry: retry)
    call.query = [("list-type", "2"), ("prefix", prefix), ("encoding-type", "url")]
    call.addQuery("delimiter", delimiter)
    call.addQuery("start-after", startAfter)
    call.addQuery("continuation-token", continuationToken)
    call.addQuery("max-keys", maximumKeys.map(String.init))
    return try await perform(call) { reply in
      var page = try S3ListingParser.parse(try await reply.collect(limit: S3ListingParser.maximumPageSize))
      page.date = reply.headers.first(name: "Date").flatMap { AWSTimestamp(httpDate: $0) }
      return page
    }
  }
}
