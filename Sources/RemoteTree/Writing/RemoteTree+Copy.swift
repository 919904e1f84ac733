internal import AWSKit
internal import SyncEngine
package import SyncModel

extension RemoteTree {
  package func copy(
    _ path: RelativePath, version source: RemoteStamp, to target: RelativePath, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    let sourceKey = try key(of: path)
    let targetKey = try key(of: target)
    try requireWrites(targetKey)
    let head = try await headExpecting(source, sourceKey, sourceClient)
    let (headers, replaces) = settings.headers(copying: head, from: sourceKey, to: targetKey)
    return try await copy(
      sourceKey, source, head, to: targetKey, headers: headers, replacesMetadata: replaces,
      dropsTags: settings.copies.dropsTags, replacing: expected)
  }

  package func replaceMetadata(
    _ path: RelativePath, of expected: RemoteStamp, with metadata: EntryMetadata
  ) async throws -> RemoteStamp {
    let key = try key(of: path)
    try requireWrites(key)
    let head = try await headExpecting(expected, key)
    try refuseLosses(key, head)
    var headers = S3ObjectHeaders(carryingOver: head, encryption: settings.encryption)
    headers.additional += try await access(to: key)
    headers.metadata = metadata.replacing(in: head.metadata)
    return try await copy(
      key, expected, head, to: key, headers: headers, replacesMetadata: true, dropsTags: false, replacing: expected)
  }

  // MARK: Routes

  /// For the sources of copies, where they have a key of their own.
  private var sourceClient: S3Client {
    var client = client
    if let key = settings.copySourceKey { client.configuration.customerKey = key }
    return client
  }

  private func copy(
    _ sourceKey: String, _ source: RemoteStamp, _ head: S3ObjectHead, to target: String, headers: S3ObjectHeaders,
    replacesMetadata: Bool, dropsTags: Bool, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    let from = S3CopySource(
      bucket: bucket, key: sourceKey, versionID: head.versionID.flatMap { _ in readableVersion(source) },
      ifMatch: source.etag, customerKey: settings.copySourceKey)
    let route = CopyRoute.choose(size: source.size, replacing: expected, capabilities)
    if route == .rewrite {
      let sink = MemorySink(size: source.size)
      let downloaded = try await download(key: sourceKey, version: source, into: sink, progress: { _ in })
      var headers = headers
      if !dropsTags { try await carryTags(of: sourceKey, head, into: &headers) }
      return try await putObject(
        target, sink.bytes, crc64: downloaded.fingerprint.crc64, headers: headers, replacing: expected)
    }
    let stamp = try await committing(
      target, replacing: expected, isConditional: route != .unconditional, crc64: head.fullObjectCRC64
    ) { condition in
      if route == .parts || source.size > CopyRoute.largestCopy {
        var headers = headers
        if !dropsTags { try await carryTags(of: sourceKey, head, into: &headers) }
        let result = try await reading(from) { from in
          try await copyInParts(from, head: head, to: target, headers: headers, condition: condition)
        }
        return try await self.stamp(of: result, key: target, size: source.size)
      }
      // With COPY the user metadata and the content headers go along by themselves.
      var additional = replacesMetadata ? [] : headers.additional.filter { $0.name.hasPrefix("x-amz-") }
      if dropsTags { additional.append(("x-amz-tagging-directive", "REPLACE")) }
      let result = try await reading(from) { from in
        try await client.copyObject(
          from: from, bucket: bucket, key: target, metadata: replacesMetadata ? .replace(headers) : .copy,
          additionalHeaders: additional, condition: condition, retry: .unprocessedOnly)
      }
      return try await self.stamp(of: result, key: target, size: source.size)
    }
    if !capabilities.copySourceIfMatch, sourceKey != target, stamp.etag != source.etag {
      try await verifyCopied(source, sourceKey, stamp, target)
    }
    return stamp
  }

  /// Copies from exactly this version, or by the condition alone where versions may not be read.
  private func reading(
    _ source: S3CopySource, _ copy: (S3CopySource) async throws -> S3WriteResult
  ) async throws -> S3WriteResult {
    do {
      return try await copy(source)
    } catch let error as S3Error where error.deniesVersions {
      stopReadingVersions()
      var source = source
      source.versionID = nil
      return try await copy(source)
    }
  }

  /// The server may have ignored the condition on the source: it must still be there as it was. If it is
  /// not, what was copied is nobody's wish.
  private func verifyCopied(
    _ source: RemoteStamp, _ sourceKey: String, _ copy: RemoteStamp, _ target: String
  ) async throws {
    do {
      try await afterWrite(sourceKey) { _ = try await headExpecting(source, sourceKey) }
    } catch let failure as RemoteFailure where failure.code == .conditionFailed {
      try await deleteObject(target, expecting: copy)
      throw failure
    }
  }

  /// Copies a large object by parts. The upload is aborted when it fails before its completion is sent.
  func copyInParts(
    _ source: S3CopySource, head: S3ObjectHead, to target: String, headers: S3ObjectHeaders, condition: S3Condition?
  ) async throws -> S3WriteResult {
    let client = multipartClient
    let size = head.size ?? 0
    let uploadID = try await client.createMultipartUpload(
      bucket: bucket, key: target, headers: headers, retry: .unprocessedOnly
    ).uploadID
    do {
      let parts = try await copiedParts(source, size: size, to: target, uploadID: uploadID)
      return try await client.completeMultipartUpload(
        bucket: bucket, key: target, uploadID: uploadID, parts: parts, condition: condition,
        crc64nvme: client.configuration.checksumAlgorithm == .crc64nvme ? head.fullObjectCRC64 : nil, size: size,
        retry: .unprocessedOnly)
    } catch {
      if (error as? S3Error)?.outcomeUnknown != true {
        try? await client.abortMultipartUpload(bucket: bucket, key: target, uploadID: uploadID)
      }
      throw error
    }
  }

  private func copiedParts(
    _ source: S3CopySource, size: Int64, to target: String, uploadID: String
  ) async throws -> [S3CompletedPart] {
    // A part may have 5 GiB; smaller ones run in parallel.
    let partSize = max(256 << 20, plan.parts.partSize(for: size))
    let count = Int((size + partSize - 1) / partSize)
    return try await withThrowingTaskGroup(of: S3CompletedPart.self) { group in
      var parts: [S3CompletedPart] = []
      for number in 1...count {
        if number > plan.ranges.parallel, let part = try await group.next() { parts.append(part) }
        group.addTask {
          let range = count == 1 ? nil : PartPlan.range(of: number, size: size, partSize: partSize)
          let result = try await multipartClient.uploadPartCopy(
            from: source, range: range, bucket: bucket, key: target, uploadID: uploadID, partNumber: number)
          let algorithm = multipartClient.configuration.checksumAlgorithm
          let checksum = result.checksums[algorithm].map { S3Checksum(algorithm, value: $0) }
          return S3CompletedPart(number: number, etag: result.etag ?? "", checksum: checksum)
        }
      }
      for try await part in group { parts.append(part) }
      return parts.sorted { $0.number < $1.number }
    }
  }

  // MARK: What must not get lost

  /// CopyObject keeps tags; an object that is written anew gets them from a header.
  private func carryTags(of key: String, _ head: S3ObjectHead, into headers: inout S3ObjectHeaders) async throws {
    guard head.taggingCount > 0 else { return }
    let tags = try await performing(.readTags, key) {
      try await client.getObjectTagging(
        bucket: bucket, key: key, versionID: readsVersions ? head.versionID : nil)
    }
    let value = tags.map { "\(URIEncoding.query($0.key))=\(URIEncoding.query($0.value))" }.joined(separator: "&")
    headers.additional.append(("x-amz-tagging", value))
  }

  /// - Throws: `.notPossible` where the copy would lose something that the reply cannot be asked to keep.
  private func refuseLosses(_ key: String, _ head: S3ObjectHead) throws {
    let resource = RemoteCall.write.resource(bucket: bucket, key: key)
    if head.missingMetadata > 0 {
      throw RemoteFailure(.notPossible, "\(resource): its metadata cannot be changed without losing some of it")
    }
    if head.customerKeyAlgorithm != nil, client.configuration.customerKey == nil {
      throw RemoteFailure(.notPossible, "\(resource): it is encrypted with a customer's key; give it with --sse-c-key")
    }
  }

  /// The headers by which a copy onto itself keeps the object's ACL, which S3 would reset.
  ///
  /// A server without ACLs, or one that does not let us see them, is taken for one where they are disabled, as they are
  /// in every new bucket of AWS since 2023: there an object gets what every object gets. The reply has no checksum:
  /// what speaks against ACLs, or the default one, must be said twice.
  private func access(to key: String) async throws -> [ObjectSettings.Field] {
    guard readsAccess else { return settings.access }
    var refusals = 0
    var seen: S3AccessControl?
    for _ in 1...2 {
      do {
        let access = try await client.getObjectAcl(bucket: bucket, key: key)
        if access.isDefault { return [] }
        if access == seen, let fields = access.grantHeaders { return fields }
        seen = access
      } catch let error as S3Error where error.kind == .accessDenied {
        return settings.access
      } catch let error as S3Error where [.notImplemented, .malformedReply, .rejected].contains(error.kind) {
        refusals += 1
      } catch let error as S3Error {
        throw RemoteFailure(error, of: .readAccess, bucket: bucket, key: key)
      }
    }
    guard refusals == 2 else {
      throw RemoteFailure(
        .notPossible,
        "\(RemoteCall.write.resource(bucket: bucket, key: key)): its ACL cannot be told, and a change of metadata "
          + "would reset it")
    }
    stopReadingAccess()
    return settings.access
  }
}
