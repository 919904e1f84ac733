internal import AWSKit
internal import Checksums
internal import Digests
internal import NIOCore
package import SyncEngine
package import SyncModel

extension RemoteTree {
  package func beginUpload(
    _ path: RelativePath, metadata: EntryMetadata, size: Int64
  ) async throws -> MultipartUpload {
    let key = try key(of: path)
    try requireWrites(key)
    // Whether it replaces something is only known at its end.
    let headers = settings.headers(metadata, key: key, replacing: try await userMetadata(of: key))
    let created = try await performing(.begin, key) {
      try await multipartClient.createMultipartUpload(
        bucket: bucket, key: key, headers: headers, retry: .unprocessedOnly)
    }
    return MultipartUpload(
      path: path.string, uploadID: created.uploadID, size: size, partSize: plan.parts.partSize(for: size))
  }

  package func uploadPart(
    _ part: Int, of upload: MultipartUpload, from source: any ContentSource, known: PartReceipt?
  ) async throws -> PartReceipt {
    let key = try key(of: RelativePath(unchecked: upload.path))
    let range = PartPlan.range(of: part, size: upload.size, partSize: upload.partSize)
    let content = try await PartContent(source, range, multipartClient.configuration)
    if let known, known.number == part, known.crc64 == content.crc64, known.size == Int64(range.count) { return known }
    let result = try await performing(.prepare, key) {
      do {
        return try await multipartClient.uploadPart(
          bucket: bucket, key: key, uploadID: upload.uploadID, partNumber: part, body: content.body)
      } catch let error as S3Error where error.kind == .notImplemented && known != nil {
        // rclone passes parts on at once and cannot take one back.
        throw RemoteFailure(
          .uploadGone, "\(RemoteCall.write.resource(bucket: bucket, key: key)): the server cannot replace a part")
      }
    }
    guard let etag = result.etag else {
      throw RemoteFailure(.server, "\(RemoteCall.write.resource(bucket: bucket, key: key)): a part got no ETag")
    }
    return PartReceipt(number: part, etag: etag, crc64: content.crc64, size: Int64(range.count))
  }

  package func completeUpload(
    _ upload: MultipartUpload, parts: [PartReceipt], replacing expected: RemoteStamp?
  ) async throws -> CompletedUpload {
    let key = try key(of: RelativePath(unchecked: upload.path))
    let parts = parts.sorted { $0.number < $1.number }
    let fingerprint = Fingerprint(combining: parts)
    let client = multipartClient
    let isChecked = client.configuration.checksums == .whenSupported
    let algorithm = client.configuration.checksumAlgorithm
    let checksums = isChecked ? try await checksums(of: parts, upload, key, algorithm) : [:]
    let stamp = try await committing(
      key, replacing: expected, isConditional: capabilities.completeHonours(expected), crc64: fingerprint.crc64
    ) { condition in
      let result = try await client.completeMultipartUpload(
        bucket: bucket, key: key, uploadID: upload.uploadID,
        parts: parts.map {
          S3CompletedPart(number: $0.number, etag: $0.etag, checksum: checksums[$0.number])
        },
        condition: condition, crc64nvme: isChecked && algorithm == .crc64nvme ? fingerprint.crc64 : nil,
        size: fingerprint.size,
        retry: .unprocessedOnly)
      return try await self.stamp(of: result, key: key, size: fingerprint.size)
    }
    return CompletedUpload(stamp: stamp, fingerprint: fingerprint)
  }

  /// By number. Of other algorithms than CRC64NVME the server tells: parts may have been sent by an earlier run.
  private func checksums(
    of parts: [PartReceipt], _ upload: MultipartUpload, _ key: String, _ algorithm: S3ChecksumAlgorithm
  ) async throws -> [Int: S3Checksum] {
    var checksums: [Int: S3Checksum] = [:]
    if algorithm == .crc64nvme {
      for part in parts { checksums[part.number] = S3Checksum(algorithm, value: part.crc64.awsBase64) }
      return checksums
    }
    var marker: Int?
    repeat {
      let page = try await performing(.prepare, key) {
        try await client.listParts(bucket: bucket, key: key, uploadID: upload.uploadID, partNumberMarker: marker)
      }
      for part in page.parts {
        checksums[part.number] = part.checksums[algorithm].map { S3Checksum(algorithm, value: $0) }
      }
      marker = page.isTruncated ? page.nextPartNumberMarker : nil
    } while marker != nil
    return checksums
  }

  package func abortUpload(_ upload: MultipartUpload) async throws {
    let key = try key(of: RelativePath(unchecked: upload.path))
    try await performing(.abort, key) {
      do {
        try await client.abortMultipartUpload(bucket: bucket, key: key, uploadID: upload.uploadID)
      } catch let error as S3Error where error.kind == .noSuchUpload || error.kind == .noSuchKey {}
    }
  }

  /// All unfinished uploads to paths of the tree, whosever they are: S3 keeps nothing beside the key by
  /// which ours could be told; the engine knows them by its intents. Size and part size are not known.
  package func unfinishedUploads() async throws -> [UnfinishedUpload] {
    var uploads: [UnfinishedUpload] = []
    var markers: (key: String?, uploadID: String?) = (nil, nil)
    while true {
      let page = try await performing(.listUploads, nil) {
        try await client.listMultipartUploads(
          bucket: bucket, prefix: keys.prefix, keyMarker: markers.key, uploadIDMarker: markers.uploadID)
      }
      for upload in page.uploads {
        guard case .success(let path) = keys.path(ofKey: upload.key) else { continue }
        uploads.append(
          UnfinishedUpload(
            MultipartUpload(path: path.string, uploadID: upload.uploadID, size: 0, partSize: plan.parts.usualSize),
            begun: upload.initiated.flatMap(Self.begin)))
      }
      let next = (key: page.nextKeyMarker, uploadID: page.nextUploadIDMarker)
      guard page.isTruncated, next.key != nil, next != markers else { return uploads }
      markers = next
    }
  }

  /// Seconds: 2025-01-01. Some servers show one fixed date for all uploads (moto: one in 2010), which tells nothing.
  private static let earliestBegin: Int64 = 1_735_689_600

  static func begin(_ initiated: AWSTimestamp) -> Timestamp? {
    initiated.seconds < earliestBegin
      ? nil : Timestamp(seconds: initiated.seconds, nanoseconds: Int64(initiated.nanoseconds))
  }

  /// For the calls of an upload.
  var multipartClient: S3Client {
    var client = client
    if !capabilities.multipartChecksums, client.configuration.checksums == .whenSupported {
      client.configuration.checksums = .contentMD5
    }
    return client
  }
}

/// A part that was read once for its checksum.
private struct PartContent {
  var crc64: UInt64
  var body: S3Body

  /// Bytes up to which a part is held in memory.
  private static let bufferedSize = 16 << 20
  private static let chunkSize = 1 << 20

  init(_ source: any ContentSource, _ range: Range<Int64>, _ client: S3Client.Configuration) async throws {
    let algorithm = client.checksumAlgorithm
    if range.count <= Self.bufferedSize {
      let bytes = try await source.read(at: range.lowerBound, count: range.count)
      crc64 = bytes.withUnsafeBytes { CRC64NVME.checksum($0) }
      body = .bytes(ByteBuffer(bytes: bytes), crc64nvme: crc64)
      return
    }
    var crc = CRC64NVME()
    var other = S3ChecksumCalculation(algorithm)
    var signed = client.signsPayload == true ? SHA256Digest() : nil
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.chunkSize) {
      let bytes = try await source.read(at: start, count: Int(min(Int64(Self.chunkSize), range.upperBound - start)))
      bytes.withUnsafeBytes {
        crc.update($0)
        if algorithm != .crc64nvme { other.update($0) }
        signed?.update($0)
      }
    }
    crc64 = crc.value
    let checksum = algorithm == .crc64nvme ? nil : S3Checksum(algorithm, value: other.base64)
    // Read again for each attempt. Should the content change in between, the server refuses the checksum,
    // or the snapshot does not verify before the commit point.
    let hash = signed.map { Hex.encode($0.finalize()) }
    body = .stream(length: Int64(range.count), sha256: hash, crc64nvme: crc64, checksum: checksum) {
      let reader = PartReader(source: source, rest: range)
      return S3ByteStream { try await reader.next(Self.chunkSize) }
    }
  }
}

private actor PartReader {
  let source: any ContentSource
  var rest: Range<Int64>

  init(source: any ContentSource, rest: Range<Int64>) {
    self.source = source
    self.rest = rest
  }

  func next(_ limit: Int) async throws -> ByteBuffer? {
    guard !rest.isEmpty else { return nil }
    let piece = rest.prefix(limit)
    rest = piece.upperBound..<rest.upperBound
    return ByteBuffer(bytes: try await source.read(at: piece.lowerBound, count: piece.count))
  }
}
