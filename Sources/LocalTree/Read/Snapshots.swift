internal import CLinux
internal import Checksums
internal import Glibc
internal import NIOConcurrencyHelpers
internal import SyncEngine
internal import SyncModel

/// A large file read in place. Its lease is let go in between, so that nobody waits, and taken again at
/// the end: granted with an equal stamp means that nobody wrote.
final class LeafSnapshot: LocalSnapshot {
  private let leaf: NIOLockedValueBox<OpenLeaf?>
  private let path: RelativePath
  let runner: any LocalRunner
  let stamp: LocalStamp
  let size: Int64

  init(_ leaf: OpenLeaf, runner: any LocalRunner) {
    self.leaf = NIOLockedValueBox(leaf)
    self.runner = runner
    path = leaf.path
    stamp = leaf.stamp
    size = leaf.status.size
  }

  func read(at offset: Int64, count: Int) async throws -> [UInt8] {
    try await runner.run { [self] in
      try reportingFailures(at: path.string) {
        try open().descriptor.bytes(at: offset, count: count, of: path)
      }
    }
  }

  func verify() async throws -> SnapshotVerdict {
    try await runner.run { [self] in
      try reportingFailures(at: path.string) {
        let leaf = try open()
        let lease = leaf.takeLease(patience: StableReader.patience)
        defer { lease.release() }
        guard lease.state != .refused, try leaf.currentStamp() == stamp, lease.isUnbroken else { return .changed }
        return .stable(isProvisional: leaf.isProvisional(lease.state))
      }
    }
  }

  func close() async { leaf.withLockedValue { $0 = nil } }

  private func open() throws -> OpenLeaf {
    guard let leaf = leaf.withLockedValue({ $0 }) else { throw changed(path) }
    return leaf
  }
}

/// A private copy of a large file that somebody keeps open for writing, compared with it once more.
final class CopiedSnapshot: LocalSnapshot {
  private let copy: StagedContent
  private let path: RelativePath
  let runner: any LocalRunner
  let stamp: LocalStamp
  let size: Int64

  /// Fails with `.busy` where the file does not hold still for the comparison.
  init(_ leaf: OpenLeaf, runner: any LocalRunner) throws {
    self.runner = runner
    path = leaf.path
    stamp = leaf.stamp
    size = leaf.status.size
    copy = try StagedContent(on: leaf.mount, for: leaf.path.string, size: 0)
    let content = try copy.fill(from: leaf.descriptor)
    guard content.size == size, try leaf.descriptor.fingerprint() == content, try leaf.currentStamp() == stamp else {
      throw busy(path)
    }
  }

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
  /// Copies a whole file, by reference where the file system can; returns what was copied.
  func fill(from source: Descriptor) throws -> Fingerprint {
    guard let file else { throw SystemError(EBADF) }
    if file.kernel.clone(file.raw, from: source.raw) == 0 { return try file.fingerprint() }
    var crc = CRC64NVME()
    let size = try source.forEachChunk { chunk, offset in
      crc.update(chunk)
      try file.write(chunk, at: offset)
    }
    return Fingerprint(size: size, crc64: crc.value)
  }
}
