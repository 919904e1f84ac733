internal import NIOCore
internal import NIOHTTP1

extension S3Client {
  /// - Returns: the region, where the server says it.
  @discardableResult
  public func headBucket(_ bucket: String) async throws -> String? {
    try await perform(S3Call(operation: "HeadBucket", method: .HEAD, bucket: bucket)) { reply in
      reply.headers.first(name: "x-amz-bucket-region")
    }
  }

  /// Where the bucket is, which S3 also tells those who may not look at it.
  /// - Returns: nil where nothing says it.
  public func findRegion(of bucket: String) async throws -> String? {
    let found: String?
    do {
      found = try await headBucket(bucket)
    } catch let error as S3Error where error.kind == .accessDenied {
      found = await discoverRegion(of: bucket)
    }
    return found ?? region(of: bucket)
  }

  /// The region of the bucket.
  public func getBucketLocation(_ bucket: String) async throws -> String {
    let call = S3Call(operation: "GetBucketLocation", method: .GET, bucket: bucket, query: [("location", nil)])
    return try await perform(call) { reply in
      switch try await reply.xml().text {
      case "": "us-east-1"
      case "EU": "eu-west-1"
      case let region: region
      }
    }
  }

  /// Creates it in the region of the endpoint.
  public func createBucket(_ bucket: String) async throws {
    var call = S3Call(operation: "CreateBucket", method: .PUT, bucket: bucket, body: .empty, isWrite: true)
    if let region = configuration.endpoint.region, region != "us-east-1", region != "aws-global" {
      let root = "CreateBucketConfiguration"
      let constraint = "<LocationConstraint>\(XMLText.escape(region))</LocationConstraint>"
      call.body = .bytes(
        ByteBuffer(string: "<\(root) xmlns=\"\(XMLText.s3Namespace)\">\(constraint)</\(root)>"))
    }
    try await perform(call) { _ = try await $0.collect() }
  }
}
