internal import Checksums
internal import Digests
internal import NIOCore
internal import NIOHTTP1

extension S3Client {
  /// - Parameters:
  ///   - retry: nil: `unprocessedOnly` with a condition, `idempotent` without.
  /// - Throws: ``S3Error``: `preconditionFailed`, `conditionalRequestConflict`, …; what the stream of the body throws
  ///   as it is.
  public func putObject(
    bucket: String, key: String, body: S3Body, headers: S3ObjectHeaders = S3ObjectHeaders(),
    condition: S3Condition? = nil, retry: S3Retry? = nil
  ) async throws -> S3WriteResult {
    var call = S3Call(operation: "PutObject", method: .PUT, bucket: bucket, key: key, isWrite: true)
    call.headers = headers.fields
    call.addCondition(condition, configuration.etagQuoting)
    call.setBody(body, checksums: configuration.checksums, algorithm: configuration.checksumAlgorithm)
    call.addCustomerKey(configuration.customerKey)
    call.retry = retry ?? .forWrite(condition)
    return try await perform(call) { reply in
      _ = try await reply.collect()
      return S3WriteResult(reply.headers)
    }
  }

  /// - Parameters:
  ///   - additionalHeaders: such as `x-amz-storage-class`, `x-amz-acl`, `x-amz-tagging-directive`; S3 takes none of
  ///     them over by itself.
  ///   - condition: on the destination; servers other than AWS often ignore it.
  public func copyObject(
    from source: S3CopySource, bucket: String, key: String, metadata: S3MetadataDirective = .copy,
    additionalHeaders: [(name: String, value: String)] = [], condition: S3Condition? = nil, retry: S3Retry? = nil
  ) async throws -> S3WriteResult {
    var call = S3Call(operation: "CopyObject", method: .PUT, bucket: bucket, key: key, isWrite: true)
    call.source = source
    call.addHeader("x-amz-copy-source", source.header)
    call.addHeader("x-amz-copy-source-if-match", source.ifMatch.map(configuration.etagQuoting.header))
    call.headers += additionalHeaders
    if case .replace(let headers) = metadata {
      call.addHeader("x-amz-metadata-directive", "REPLACE")
      call.headers += headers.fields
    }
    if configuration.checksumAlgorithm != .crc64nvme, configuration.checksums == .whenSupported {
      call.addHeader("x-amz-checksum-algorithm", configuration.checksumAlgorithm.rawValue)
    }
    call.addCustomerKey(configuration.customerKey, ofSource: source.customerKey)
    call.addCondition(condition, configuration.etagQuoting)
    call.body = .empty
    call.retry = retry ?? (source.ifMatch == nil ? .forWrite(condition) : .unprocessedOnly)
    return try await perform(call) { reply in
      S3WriteResult(copied: try await reply.xml(), headers: reply.headers)
    }
  }
}

extension S3Retry {
  static func forWrite(_ condition: S3Condition?) -> Self { condition == nil ? .idempotent : .unprocessedOnly }
}

extension S3WriteResult {
  /// Of CopyObject and UploadPartCopy.
  init(copied node: XMLNode, headers: NIOHTTP1.HTTPHeaders) {
    self.init(
      etag: node.text("ETag").map { ETag.normalised($0) }, checksums: S3Checksums(node),
      lastModified: node.text("LastModified").flatMap { AWSTimestamp(iso8601: $0) }, headers: headers)
  }
}

extension S3Checksums {
  init(_ node: XMLNode) {
    self.init(
      crc64nvme: node.text("ChecksumCRC64NVME"), crc32: node.text("ChecksumCRC32"),
      crc32c: node.text("ChecksumCRC32C"), sha1: node.text("ChecksumSHA1"), sha256: node.text("ChecksumSHA256"),
      sha512: node.text("ChecksumSHA512"),
      type: node.text("ChecksumType").flatMap(S3ChecksumType.init(rawValue:)))
  }
}

extension S3Call {
  /// Sets the body and the checksum that goes along with it.
  mutating func setBody(
    _ body: S3Body, checksums: S3ChecksumMode, algorithm: S3ChecksumAlgorithm = .crc64nvme
  ) {
    self.body = body
    switch checksums {
    case .none: break
    case .contentMD5:
      guard case .bytes(let buffer) = body.content else { return }
      addHeader("Content-MD5", Base64.encode(buffer.withUnsafeReadableBytes { MD5Digest.digest($0) }))
    case .whenSupported:
      guard let checksum = body.checksum(algorithm) else { return }
      addHeader(algorithm.header, checksum.value)
      addHeader("x-amz-sdk-checksum-algorithm", algorithm.rawValue)
    }
  }

  /// What is encrypted with it can neither be written in parts nor read without it.
  mutating func addCustomerKey(_ key: S3CustomerKey?) {
    if let key { headers += key.headers() }
  }

  /// - Parameter source: nil: the source of the copy has the same one.
  mutating func addCustomerKey(_ key: S3CustomerKey?, ofSource source: S3CustomerKey?) {
    addCustomerKey(key)
    if let source = source ?? key { headers += source.headers(scope: "copy-source-") }
  }
}
