internal import CLinux
internal import Checksums
internal import Glibc
internal import NIOConcurrencyHelpers
internal import SyncEngine
internal import SyncModel

/// A large file read in place. Its lease is let go in between, so that nobody waits, and taken again at
/// the end: granted with an equal stamp means that nobody wrote. Where stamps do not tell every store (tmpfs), what was
/// read is read again and compared.
final class LeafSnapshot: LocalSnapshot {
  private let leaf: NIOLockedValueBox<OpenLeaf?>
  private let path: RelativePath
  let runner: any LocalRunner
  let stamp: LocalStamp
  let size: Int64
  /// What was read where stamps prove nothing: checksums of the parts, by where they begin.
  private let parts: NIOLockedValueBox<[Int64: Fingerprint]>?

  init(_ leaf: OpenLeaf, runner: any LocalRunner) {
    parts = leaf.capabilities.hasTrustworthyStamps ? nil : NIOLockedValueBox([:])
    self.leaf = NIOLockedValueBox(leaf)
    self.runner = runner
    path = leaf.path
    stamp = leaf.stamp
    size = leaf.status.size
  }

  func read(at offset: Int64, count: Int) async throws -> [UInt8] {
    try await runner.run { [self] in
      try reportingFailures(at: path.string) {
        let bytes = try open().descriptor.bytes(at: offset, count: count, of: path)
        parts?.withLockedValue { $0[offset] = Fingerprint(of: bytes) }
        return bytes
      }
    }
  }

  var isOfOpenFile: Bool { false }

  func verify() async throws -> SnapshotVerdict {
    try await runner.run { [self] in
      try reportingFailures(at: path.string) {
        let leaf = try open()
        let lease = leaf.takeLease(patience: StableReader.patience)
        defer { lease.release() }
        guard lease.state != .refused, try leaf.currentStamp() == stamp, try isAsRead(leaf, lease), lease.isUnbroken
        else { return .changed }
        return .stable(isProvisional: leaf.isProvisional(lease.state))
      }
    }
  }

  private func isAsRead(_ leaf: OpenLeaf, _ lease: Lease) throws -> Bool {
    for (offset, part) in parts?.withLockedValue({ $0 }).sorted(by: { $0.key < $1.key }) ?? [] {
      // An opener for writing waits for the lease.
      guard lease.isUnbroken else { return false }
      let bytes = try leaf.descriptor.bytes(at: offset, count: Int(part.size), of: path)
      guard Fingerprint(of: bytes) == part else { return false }
    }
    return true
  }

  func close() async { leaf.withLockedValue { $0 = nil } }

  private func open() throws -> OpenLeaf {
    guard let leaf = leaf.withLockedValue({ $0 }) else { throw changed(path) }
    return leaf
  }
}

/// A private copy of a large file that somebody has open for writing.
final class CopiedSnapshot: LocalSnapshot {
  private let copy: StagedContent
  private let path: RelativePath
  let runner: any LocalRunner
  let stamp: LocalStamp
  let size: Int64

  /// Fails with `.busy` where no version of the file can be had.
  init(_ leaf: OpenLeaf, _ version: OpenVersion, reader: StableReader) throws {
    runner = reader.runner
    path = leaf.path
    let copy = try StagedContent(on: leaf.mount, for: leaf.path.string, size: 0)
    self.copy = copy
    var isFirst = true
    let held =
      try Self.cloned(leaf, version, into: copy)
      ?? reader.steady(leaf, version) { leaf, size in
        // Copied, then compared with the copy.
        defer { isFirst.toggle() }
        return isFirst
          ? try copy.fill(from: leaf.descriptor, upTo: size) : try leaf.descriptor.fingerprint(upTo: size)
      }
    stamp = held.stamp
    size = held.result.size
  }

  /// By reference, where the file system can: a clone is one moment's content, whatever the writer does.
  private static func cloned(
    _ leaf: OpenLeaf, _ version: OpenVersion, into copy: StagedContent
  ) throws -> StableReader.Held<Fingerprint>? {
    guard version == .steady, let file = copy.file else { return nil }
    var leaf = leaf
    try leaf.refresh()
    guard file.kernel.clone(file.raw, from: leaf.descriptor.raw) == 0 else { return nil }
    // Otherwise the stamp would be that of another version.
    guard try leaf.currentStamp() == leaf.stamp else { return nil }
    return StableReader.Held(
      result: try file.fingerprint(), stamp: leaf.stamp, isProvisional: true, isOfOpenFile: true)
  }

  var isOfOpenFile: Bool { true }

  func read(at offset: Int64, count: Int) async throws -> [UInt8] {
    try await runner.run { [self] in
      try reportingFailures(at: path.string) {
        guard let file = copy.file else { throw changed(path) }
        return try file.bytes(at: offset, count: count, of: path)
      }
    }
  }

  func verify() async throws -> SnapshotVerdict { .stable(isProvisional: true) }

  func close() async { copy.remove() }
}

extension StagedContent {
  /// Takes over a whole file, or its beginning; by reference where the file system can. Returns what was copied.
  func fill(from source: Descriptor, upTo end: Int64 = .max) throws -> Fingerprint {
    guard let file else { throw SystemError(EBADF) }
    try check(file.kernel.truncate(file.raw, to: 0))
    if file.kernel.clone(file.raw, from: source.raw) == 0 {
      if end < .max { try check(file.kernel.truncate(file.raw, to: end)) }
      return try file.fingerprint()
    }
    var crc = CRC64NVME()
    let size = try source.forEachChunk(upTo: end) { chunk, offset in
      crc.update(chunk)
      try file.write(chunk, at: offset)
    }
    return Fingerprint(size: size, crc64: crc.value)
  }
}
