internal import Checksums
internal import NIOCore
internal import NIOHTTP1

extension S3Client {
  /// With checksums on, the server is asked for the configured one: of CRC64NVME for that of the full object, of the
  /// others for one over those of the parts, which have to be named at the end.
  public func createMultipartUpload(
    bucket: String, key: String, headers: S3ObjectHeaders = S3ObjectHeaders(), retry: S3Retry = .idempotent
  ) async throws -> S3CreatedUpload {
    var call = S3Call(
      operation: "CreateMultipartUpload", method: .POST, bucket: bucket, key: key, query: [("uploads", nil)],
      headers: headers.fields, body: .empty, retry: retry, isWrite: true)
    if configuration.checksums == .whenSupported {
      let algorithm = configuration.checksumAlgorithm
      call.addHeader("x-amz-checksum-algorithm", algorithm.rawValue)
      if algorithm == .crc64nvme { call.addHeader("x-amz-checksum-type", S3ChecksumType.fullObject.rawValue) }
    }
    call.addCustomerKey(configuration.customerKey)
    return try await perform(call) { reply in
      guard let uploadID = try await reply.xml().text("UploadId"), !uploadID.isEmpty else {
        throw S3Error(.malformedReply, status: reply.status, message: "the reply has no upload id")
      }
      return S3CreatedUpload(
        uploadID: uploadID,
        checksumType: reply.headers.first(name: "x-amz-checksum-type").flatMap(S3ChecksumType.init(rawValue:)))
    }
  }

  /// - Parameter partNumber: 1 … 10,000; a part of the same number is replaced.
  public func uploadPart(
    bucket: String, key: String, uploadID: String, partNumber: Int, body: S3Body, retry: S3Retry = .idempotent
  ) async throws -> S3WriteResult {
    var call = S3Call(
      operation: "UploadPart", method: .PUT, bucket: bucket, key: key,
      query: [("partNumber", String(partNumber)), ("uploadId", uploadID)], retry: retry, isWrite: true)
    call.setBody(body, checksums: configuration.checksums, algorithm: configuration.checksumAlgorithm)
    call.addCustomerKey(configuration.customerKey)
    return try await perform(call) { reply in
      _ = try await reply.collect()
      return S3WriteResult(reply.headers)
    }
  }

  /// - Parameter range: bytes of the source; nil: all of it.
  public func uploadPartCopy(
    from source: S3CopySource, range: Range<Int64>? = nil, bucket: String, key: String, uploadID: String,
    partNumber: Int, retry: S3Retry = .idempotent
  ) async throws -> S3WriteResult {
    var call = S3Call(
      operation: "UploadPartCopy", method: .PUT, bucket: bucket, key: key,
      query: [("partNumber", String(partNumber)), ("uploadId", uploadID)], body: .empty, retry: retry, isWrite: true)
    call.source = source
    call.addHeader("x-amz-copy-source", source.header)
    call.addHeader("x-amz-copy-source-if-match", source.ifMatch.map(configuration.etagQuoting.header))
    call.addHeader("x-amz-copy-source-range", range.map { "bytes=\($0.lowerBound)-\($0.upperBound - 1)" })
    call.addCustomerKey(configuration.customerKey, ofSource: source.customerKey)
    return try await perform(call) { reply in
      S3WriteResult(copied: try await reply.xml(), headers: reply.headers)
    }
  }

  /// The commit point of an upload. After `conditionalRequestConflict` all parts have to be sent anew.
  /// - Parameters:
  ///   - parts: ascending.
  ///   - crc64nvme: of the whole object; the server refuses to complete when its own differs.
  ///   - size: bytes of the whole object, checked likewise.
  public func completeMultipartUpload(
    bucket: String, key: String, uploadID: String, parts: [S3CompletedPart], condition: S3Condition? = nil,
    crc64nvme: UInt64? = nil, size: Int64? = nil, retry: S3Retry? = nil
  ) async throws -> S3WriteResult {
    let document = parts.map { part in
      let checksum =
        part.checksum.map { "<\($0.algorithm.element)>\(XMLText.escape($0.value))</\($0.algorithm.element)>" } ?? ""
      let etag = "<ETag>&quot;\(XMLText.escape(part.etag))&quot;</ETag>"
      return "<Part><PartNumber>\(part.number)</PartNumber>\(etag)\(checksum)</Part>"
    }
    let root = "CompleteMultipartUpload"
    var call = S3Call(
      operation: root, method: .POST, bucket: bucket, key: key, query: [("uploadId", uploadID)],
      body: .bytes(ByteBuffer(string: "<\(root) xmlns=\"\(XMLText.s3Namespace)\">\(document.joined())</\(root)>")),
      retry: retry ?? .unprocessedOnly, isWrite: true)
    call.addHeader("Content-Type", "application/xml")
    call.addCondition(condition, configuration.etagQuoting)
    if configuration.checksums == .whenSupported, let crc64nvme {
      call.addHeader("x-amz-checksum-type", S3ChecksumType.fullObject.rawValue)
      call.addHeader("x-amz-checksum-crc64nvme", crc64nvme.awsBase64)
    }
    call.addHeader("x-amz-mp-object-size", size.map(String.init))
    call.addCustomerKey(configuration.customerKey)
    return try await perform(call) { reply in
      let node = try await reply.xml()
      return S3WriteResult(
        etag: node.text("ETag").map { ETag.normalised($0) }, checksums: S3Checksums(node), headers: reply.headers)
    }
  }

  public func abortMultipartUpload(
    bucket: String, key: String, uploadID: String, retry: S3Retry = .idempotent
  ) async throws {
    let call = S3Call(
      operation: "AbortMultipartUpload", method: .DELETE, bucket: bucket, key: key, query: [("uploadId", uploadID)],
      retry: retry, isWrite: true)
    try await perform(call) { _ = try await $0.collect() }
  }

  /// - Parameter maximumParts: 1 … 1,000; nil: the server's limit.
  public func listParts(
    bucket: String, key: String, uploadID: String, partNumberMarker: Int? = nil, maximumParts: Int? = nil
  ) async throws -> S3PartsPage {
    var call = S3Call(
      operation: "ListParts", method: .GET, bucket: bucket, key: key, query: [("uploadId", uploadID)])
    call.addQuery("part-number-marker", partNumberMarker.map(String.init))
    call.addQuery("max-parts", maximumParts.map(String.init))
    return try await perform(call) { reply in
      let node = try await reply.xml()
      let parts = node.all("Part").compactMap { part -> S3ListedPart? in
        guard let number = part.text("PartNumber").flatMap({ Int($0) }), let etag = part.text("ETag"),
          let size = part.text("Size").flatMap({ Int64($0) })
        else { return nil }
        return S3ListedPart(
          number: number, etag: ETag.normalised(etag), size: size,
          lastModified: part.text("LastModified").flatMap { AWSTimestamp(iso8601: $0) }, checksums: S3Checksums(part))
      }
      return S3PartsPage(
        parts: parts, isTruncated: node.text("IsTruncated") == "true",
        nextPartNumberMarker: node.text("NextPartNumberMarker").flatMap { Int($0) })
    }
  }

  /// The unfinished uploads below a prefix.
  public func listMultipartUploads(
    bucket: String, prefix: String = "", keyMarker: String? = nil, uploadIDMarker: String? = nil
  ) async throws -> S3UploadsPage {
    var call = S3Call(operation: "ListMultipartUploads", method: .GET, bucket: bucket)
    call.query = [("uploads", nil), ("prefix", prefix), ("encoding-type", "url")]
    call.addQuery("key-marker", keyMarker)
    call.addQuery("upload-id-marker", uploadIDMarker)
    return try await perform(call) { reply in
      let node = try await reply.xml()
      let isEncoded = node.text("EncodingType") == "url"
      let uploads = node.all("Upload").compactMap { upload -> S3Upload? in
        guard let key = upload.text("Key").flatMap({ S3ListingParser.decode($0, isEncoded: isEncoded) }),
          let uploadID = upload.text("UploadId")
        else { return nil }
        return S3Upload(
          key: key, uploadID: uploadID, initiated: upload.text("Initiated").flatMap { AWSTimestamp(iso8601: $0) })
      }
      return S3UploadsPage(
        uploads: uploads, isTruncated: node.text("IsTruncated") == "true",
        nextKeyMarker: node.text("NextKeyMarker").flatMap { S3ListingParser.decode($0, isEncoded: isEncoded) },
        nextUploadIDMarker: node.text("NextUploadIdMarker"))
    }
  }
}
