internal import AWSKit
internal import Checksums
internal import NIOCore
internal import SyncEngine

/// The scratch objects that a probe works on.
extension CapabilityProbe {
  enum PutOutcome {
    case accepted(S3WriteResult)
    case refused
  }

  func put(_ client: S3Client, _ key: String, _ text: String) async throws -> PutOutcome {
    do {
      return .accepted(try await replace(client, key, text, nil))
    } catch let error as S3Error
      where error.kind == .notImplemented || error.kind == .rejected || error.kind == .badDigest
    {
      return .refused
    } catch let error as S3Error {
      throw RemoteFailure(error, of: .prepare, bucket: bucket, key: key)
    }
  }

  func replace(
    _ client: S3Client, _ key: String, _ text: String, _ condition: S3Condition?
  ) async throws -> S3WriteResult {
    try await client.putObject(
      bucket: bucket, key: key, body: .bytes(ByteBuffer(string: text)),
      headers: S3ObjectHeaders(additional: protection), condition: condition)
  }

  /// Makes sure that the key exists, and returns its ETag.
  func existing(_ client: S3Client, _ key: String) async throws -> String {
    try await performing(key) {
      _ = try await replace(client, key, "1", nil)
      return try await client.headObject(bucket: bucket, key: key).etag ?? ""
    }
  }

  func currentETag(_ client: S3Client, _ key: String) async throws -> String? {
    try await performing(key) {
      do {
        return try await client.headObject(bucket: bucket, key: key).etag
      } catch let error as S3Error where error.kind == .noSuchKey {
        return nil
      }
    }
  }

  func upload(_ client: S3Client, _ key: String, _ condition: S3Condition?) async throws {
    let uploadID = try await client.createMultipartUpload(
      bucket: bucket, key: key, headers: S3ObjectHeaders(additional: protection)
    ).uploadID
    do {
      let content = ByteBuffer(string: "1")
      let part = try await client.uploadPart(
        bucket: bucket, key: key, uploadID: uploadID, partNumber: 1, body: .bytes(content))
      let crc = content.withUnsafeReadableBytes { CRC64NVME.checksum($0) }
      let isChecked = client.configuration.checksums == .whenSupported
      let algorithm = client.configuration.checksumAlgorithm
      let checksum = part.checksums[algorithm].map { S3Checksum(algorithm, value: $0) }
      _ = try await client.completeMultipartUpload(
        bucket: bucket, key: key, uploadID: uploadID,
        parts: [S3CompletedPart(number: 1, etag: part.etag ?? "", checksum: isChecked ? checksum : nil)],
        condition: condition, crc64nvme: isChecked && algorithm == .crc64nvme ? crc : nil, size: 1,
        retry: .unprocessedOnly)
    } catch {
      try? await client.abortMultipartUpload(bucket: bucket, key: key, uploadID: uploadID)
      throw error
    }
  }

  func copyPart(_ client: S3Client, _ key: String, _ etag: String) async throws {
    let target = scratch + "part"
    let uploadID = try await client.createMultipartUpload(
      bucket: bucket, key: target, headers: S3ObjectHeaders(additional: protection)
    ).uploadID
    let result: Result<S3WriteResult, any Error>
    do {
      result = .success(
        try await client.uploadPartCopy(
          from: S3CopySource(bucket: bucket, key: key, ifMatch: etag), bucket: bucket, key: target, uploadID: uploadID,
          partNumber: 1, retry: .unprocessedOnly))
    } catch {
      result = .failure(error)
    }
    try? await client.abortMultipartUpload(bucket: bucket, key: target, uploadID: uploadID)
    _ = try result.get()
  }

  func performing<Result: Sendable>(_ key: String, _ call: () async throws -> Result) async throws -> Result {
    do { return try await call() } catch let error as S3Error {
      throw RemoteFailure(error, of: .prepare, bucket: bucket, key: key)
    }
  }

  func location(_ key: String) -> String { RemoteCall.prepare.resource(bucket: bucket, key: key) }

  // MARK: Tidying

  /// What a probe that has ended has made below its folder. A failure is of no consequence: a later probe removes it.
  package func removeScratch(_ scratch: String) async {
    let uploads = (try? await client.listMultipartUploads(bucket: bucket, prefix: scratch).uploads) ?? []
    for upload in uploads {
      try? await client.abortMultipartUpload(bucket: bucket, key: upload.key, uploadID: upload.uploadID)
    }
    let objects = (try? await client.listObjectsV2(bucket: bucket, prefix: scratch).objects) ?? []
    for object in objects { _ = try? await client.deleteObject(bucket: bucket, key: object.key) }
  }

  /// What probes that were killed have left. Those of other nodes may be running, so only what is an hour
  /// old is taken.
  func removeForgotten() async throws {
    let page: S3ListPage
    do {
      page = try await client.listObjectsV2(bucket: bucket, prefix: folder)
    } catch let error as S3Error {
      throw RemoteFailure(error, of: .list, bucket: bucket, key: nil)
    }
    guard let limit = page.date?.adding(seconds: -3_600) else { return }
    for object in page.objects where object.lastModified < limit {
      _ = try? await client.deleteObject(bucket: bucket, key: object.key)
    }
    let uploads = (try? await client.listMultipartUploads(bucket: bucket, prefix: folder).uploads) ?? []
    for upload in uploads where upload.initiated.map({ $0 < limit }) ?? false {
      try? await client.abortMultipartUpload(bucket: bucket, key: upload.key, uploadID: upload.uploadID)
    }
  }
}
