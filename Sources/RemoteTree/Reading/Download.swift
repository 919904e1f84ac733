internal import AWSKit
internal import Checksums
internal import NIOCore
internal import SyncEngine
internal import SyncModel

/// One object on its way down: ranges in parallel, each conditional on the version, all verified.
///
/// Throws `S3Error`, and what the sink throws.
struct Download: Sendable {
  let tree: RemoteTree
  let key: String
  let stamp: RemoteStamp
  let sink: any ContentSink
  let progress: @Sendable (Int64) -> Void

  func run() async throws -> DownloadedObject {
    let content = try await content()
    guard content.isDoubtful else { return content.downloaded }
    // Damaged on the way, or sent in parts of an unusual size. What two readings agree about is the object's content.
    let again = try await Download(tree: tree, key: key, stamp: stamp, sink: NullSink(), progress: { _ in }).content()
    guard again.downloaded.fingerprint == content.downloaded.fingerprint else { throw Self.isDamaged }
    return content.downloaded
  }

  private struct Content {
    var downloaded: DownloadedObject
    /// The ETag of an upload in parts, all that the server tells of it, did not match.
    var isDoubtful: Bool
  }

  private func content() async throws -> Content {
    tree.plan.ranges.count(size: stamp.size) <= 1 ? try await single() : try await ranges()
  }

  private static let isDamaged = S3Error(
    .checksumMismatch, message: "the content that was received is not what its checksum says")

  // MARK: One request

  private func single() async throws -> Content {
    var verifier: S3ContentVerifier?
    var parts: PartsCheck?
    var crc = CRC64NVME()
    let reader = RangeReader(download: self, range: nil)
    let head = try await reader.read { head in
      verifier = tree.verifier(head)
      parts = tree.partsCheck(head, stamp)
    } consume: { bytes, offset in
      try sink.write(bytes, at: offset)
      crc.update(bytes)
      verifier?.update(bytes)
      parts?.update(bytes)
      progress(Int64(bytes.count))
    }
    try verifier?.finish()
    let downloaded = DownloadedObject(
      object: try tree.object(head, key: key), fingerprint: Fingerprint(size: stamp.size, crc64: crc.value))
    return Content(downloaded: downloaded, isDoubtful: parts?.matches() == false)
  }

  // MARK: Ranges

  /// What is left of a range once its bytes are written.
  private struct Piece: Sendable {
    var index: Int
    var crc: UInt64
    var length: Int64
    /// The bytes again, where a checksum that cannot be combined takes them in order.
    var chunks: [ByteBuffer]
  }

  private func ranges() async throws -> Content {
    // The checksums of the whole object: a reply to a range need not carry them.
    let head = try await checkedHead()
    let expected = tree.expectedChecksum(head)
    var verifier: S3ContentVerifier?
    if let expected {
      if case .crc64nvme = expected {} else { verifier = S3ContentVerifier(expected) }
    }
    var parts = tree.partsCheck(head, stamp)
    let keepsChunks = verifier != nil || parts != nil
    let object = try tree.object(head, key: key)
    let version = tree.readableVersion(stamp) ?? tree.readableVersion(object.stamp)
    let count = tree.plan.ranges.count(size: stamp.size)
    var crc: UInt64 = 0
    var finished = 0
    try await withThrowingTaskGroup(of: Piece.self) { group in
      var waiting: [Int: Piece] = [:]
      var started = 0
      var running = 0
      while finished < count {
        while running < tree.plan.ranges.parallel, started < count, started < finished + tree.plan.ranges.ahead {
          let index = started
          group.addTask { try await piece(index, version: version, keepsChunks: keepsChunks) }
          started += 1
          running += 1
        }
        guard let piece = try await group.next() else { break }
        running -= 1
        waiting[piece.index] = piece
        while let next = waiting.removeValue(forKey: finished) {
          crc = CRC64NVME.combine(crc, next.crc, lengthOfB: UInt64(next.length))
          for chunk in next.chunks {
            verifier?.update(chunk)
            chunk.withUnsafeReadableBytes { parts?.update($0) }
          }
          finished += 1
        }
      }
    }
    try verifier?.finish()
    if case .crc64nvme(let value) = expected, value != crc { throw Self.isDamaged }
    let downloaded = DownloadedObject(object: object, fingerprint: Fingerprint(size: stamp.size, crc64: crc))
    return Content(downloaded: downloaded, isDoubtful: parts?.matches() == false)
  }

  private func piece(_ index: Int, version: String?, keepsChunks: Bool) async throws -> Piece {
    let range = tree.plan.ranges.range(index, size: stamp.size)
    var crc = CRC64NVME()
    var chunks: [ByteBuffer] = []
    let reader = RangeReader(download: self, range: range, version: version)
    _ = try await reader.read { _ in
    } consume: { bytes, offset in
      try sink.write(bytes, at: offset)
      crc.update(bytes)
      progress(Int64(bytes.count))
    } keep: { chunk in
      if keepsChunks { chunks.append(chunk) }
    }
    return Piece(index: index, crc: crc.value, length: Int64(range.count), chunks: chunks)
  }

  private func checkedHead() async throws -> S3ObjectHead {
    let head = try await tree.client.headObject(
      bucket: tree.bucket, key: key, versionID: tree.readableVersion(stamp), condition: .ifMatch(stamp.etag))
    try check(head)
    return head
  }

  /// Some servers ignore the condition, so the reply is looked at, too.
  func check(_ head: S3ObjectHead) throws {
    guard head.etag == stamp.etag, head.size == stamp.size else {
      throw S3Error(.preconditionFailed, message: "the object is another version")
    }
  }
}

extension RemoteTree {
  /// What the content must give; an ETag counts as MD5 only on servers whose ETags are.
  func expectedChecksum(_ head: S3ObjectHead) -> S3ContentVerifier.Expected? {
    let expected = S3ContentVerifier.Expected(head)
    if case .md5 = expected, !capabilities.etagIsMD5 { return nil }
    return expected
  }

  func verifier(_ head: S3ObjectHead) -> S3ContentVerifier? { expectedChecksum(head).map(S3ContentVerifier.init) }
}
