internal import AWSKit
internal import Checksums
internal import Digests
package import SyncEngine
package import SyncModel

extension RemoteTree {
  package func holds(
    _ path: RelativePath, _ object: RemoteObject, _ fingerprint: Fingerprint
  ) async throws -> Bool {
    try await holds(key: try key(of: path), object, fingerprint)
  }

  func holds(key: String, _ object: RemoteObject, _ fingerprint: Fingerprint) async throws -> Bool {
    guard object.stamp.size == fingerprint.size else { return false }
    if let crc64 = object.crc64 { return crc64 == fingerprint.crc64 }
    let downloaded = try await download(key: key, version: object.stamp, into: NullSink(), progress: { _ in })
    return downloaded.fingerprint == fingerprint
  }

  package func content(
    _ path: RelativePath, _ object: RemoteObject, of parts: [PartReceipt]
  ) async throws -> Fingerprint? {
    let fingerprint = Fingerprint(combining: parts)
    return try await holds(path, object, fingerprint) ? fingerprint : nil
  }

  package func equals(
    _ path: RelativePath, _ object: RemoteObject, _ source: any ContentSource
  ) async throws -> Bool {
    guard object.stamp.size == source.size else { return false }
    var comparison = LocalComparison(object, plan.parts)
    try await source.forEachChunk { comparison.update($0) }
    switch comparison.verdict() {
    case .equal: return true
    case .different: return false
    case .unknown:
      if let verdict = try await compare(path, object, source) { return verdict }
      return try await download(path, version: object.stamp, into: NullSink(), progress: { _ in }).fingerprint
        == comparison.fingerprint
    }
  }
}

extension RemoteTree {
  /// By another checksum that the object may have, where its ETag is no MD5 (of keys of KMS and of customers): the AWS
  /// CLI gives CRC32. Nil where it tells nothing.
  private func compare(
    _ path: RelativePath, _ object: RemoteObject, _ source: any ContentSource
  ) async throws -> Bool? {
    guard let head = try await headIfPresent(try key(of: path)), head.etag == object.stamp.etag else { return nil }
    switch expectedChecksum(head) {
    // An ETag that looks like one proves nothing when it differs.
    case .md5, nil: break
    case let expected?:
      var verifier = S3ContentVerifier(expected)
      try await source.forEachChunk { verifier.update($0) }
      return verifier.matches
    }
    for algorithm in S3ChecksumAlgorithm.allCases {
      guard let value = head.checksums[algorithm],
        var check = PartsCheck(S3Checksum(algorithm, value: value), size: source.size, plan: plan.parts)
      else { continue }
      try await source.forEachChunk { check.update($0) }
      if check.matches() { return true }
    }
    return nil
  }
}

/// What can be told about equality from the local content alone, in one pass over it.
struct LocalComparison {
  enum Verdict: Hashable { case equal, different, unknown }

  private let object: RemoteObject
  private var crc = CRC64NVME()
  private var md5: MD5Digest?
  private var parts: PartsCheck?

  init(_ object: RemoteObject, _ plan: PartPlan = PartPlan()) {
    self.object = object
    if object.crc64 != nil { return }
    switch ETagForm(object.stamp.etag) {
    case .md5: md5 = MD5Digest()
    case .multipart: parts = PartsCheck(etag: object.stamp.etag, size: object.stamp.size, plan: plan)
    case .opaque: break
    }
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    crc.update(bytes)
    md5?.update(bytes)
    parts?.update(bytes)
  }

  var fingerprint: Fingerprint { Fingerprint(size: object.stamp.size, crc64: crc.value) }

  /// An ETag that does not match proves nothing: with KMS it is no MD5, and part sizes are anybody's choice.
  mutating func verdict() -> Verdict {
    if let crc64 = object.crc64 { return crc64 == crc.value ? .equal : .different }
    switch ETagForm(object.stamp.etag) {
    case .md5(let hash): return md5.map { Hex.encode($0.finalize()) } == hash ? .equal : .unknown
    case .multipart: return parts?.matches() == true ? .equal : .unknown
    case .opaque: return .unknown
    }
  }
}

extension ContentSource {
  fileprivate func forEachChunk(_ body: (UnsafeRawBufferPointer) -> Void) async throws {
    let chunkSize: Int64 = 1 << 20
    for start in stride(from: 0, to: size, by: Int64.Stride(chunkSize)) {
      let bytes = try await read(at: start, count: Int(min(chunkSize, size - start)))
      bytes.withUnsafeBytes { body($0) }
    }
  }
}

extension Fingerprint {
  /// Of the content that the parts make up, in their order.
  init(combining parts: [PartReceipt]) {
    self.init(
      size: parts.reduce(0) { $0 + $1.size },
      crc64: parts.reduce(0) { CRC64NVME.combine($0, $1.crc64, lengthOfB: UInt64($1.size)) })
  }
}
