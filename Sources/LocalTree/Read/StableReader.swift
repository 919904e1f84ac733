internal import CLinux
internal import Checksums
internal import Glibc
internal import SyncEngine
internal import SyncModel

/// Reads a version of a leaf that is nobody's half-written one: wait out the clock tick, lease, stat,
/// read, stat, and the lease must still stand.
struct StableReader {
  let observer: Observer
  let runner: any LocalRunner

  /// How long a file that somebody keeps open for writing must have rested before it is read, nanoseconds.
  var rest: Int64 = 1_000_000_000
  /// Microseconds; a writer that is about to close is waited for.
  static let patience: UInt32 = 5_000

  func open(_ path: RelativePath, expecting expected: LocalStamp) throws -> OpenLeaf {
    let leaf: OpenLeaf
    do { leaf = try OpenLeaf(path, in: observer) } catch OpenLeaf.Absence.absent {
      throw LocalFailure(.vanished, "\(path): is gone; it is looked at again")
    } catch OpenLeaf.Absence.obstructed { throw changed(path) }
    guard leaf.stamp == expected else { throw changed(path) }
    leaf.descriptor.kernel.waitUntilDistinct(from: leaf.status.changed)
    return leaf
  }

  /// Calls `body` with the file while it is held still; returns whether the stamp is provisional.
  ///
  /// Where somebody writes, `body` runs twice and must tell by the same result that the content rests.
  func hold<Result: Equatable>(_ leaf: OpenLeaf, _ body: () throws -> Result) throws -> (Result, Bool) {
    let lease = leaf.takeLease(patience: Self.patience)
    defer { lease.release() }
    if lease.state == .refused { try requireRest(leaf) }
    guard try leaf.currentStamp() == leaf.stamp else { throw changed(leaf.path) }
    let result = try body()
    let isSteady = try lease.state != .refused || body() == result
    guard try leaf.currentStamp() == leaf.stamp, lease.isUnbroken else { throw changed(leaf.path) }
    guard isSteady else { throw busy(leaf.path) }
    return (result, leaf.isProvisional(lease.state))
  }

  func read(_ path: RelativePath, expecting expected: LocalStamp) throws -> SmallContent {
    let leaf = try open(path, expecting: expected)
    let (bytes, isProvisional) = try hold(leaf) {
      if leaf.kind == .symlink { return try leaf.descriptor.linkTarget() }
      return try leaf.descriptor.bytes(at: 0, count: Int(leaf.status.size), of: path)
    }
    return SmallContent(
      bytes: bytes, fingerprint: Fingerprint(of: bytes), stamp: leaf.stamp, isProvisional: isProvisional)
  }

  func fingerprint(_ path: RelativePath, expecting expected: LocalStamp) throws -> ContentCheck {
    let leaf = try open(path, expecting: expected)
    let (fingerprint, isProvisional) = try hold(leaf) { try leaf.content() }
    return ContentCheck(fingerprint: fingerprint, stamp: leaf.stamp, isProvisional: isProvisional)
  }

  func openSnapshot(_ path: RelativePath, expecting expected: LocalStamp) throws -> any LocalSnapshot {
    let leaf = try open(path, expecting: expected)
    let lease = leaf.takeLease(patience: Self.patience)
    defer { lease.release() }
    guard try leaf.currentStamp() == leaf.stamp else { throw changed(path) }
    if lease.state != .refused { return LeafSnapshot(leaf, runner: runner) }
    try requireRest(leaf)
    return try CopiedSnapshot(leaf, runner: runner)
  }

  private func requireRest(_ leaf: OpenLeaf) throws {
    let age = leaf.descriptor.kernel.now() &- max(leaf.status.modified, leaf.status.changed)
    if age < rest { throw busy(leaf.path) }
  }
}

func changed(_ path: RelativePath) -> LocalFailure {
  LocalFailure(.changed, "\(path): changed in the meantime; it is looked at again")
}

func busy(_ path: RelativePath) -> LocalFailure {
  LocalFailure(.busy, "\(path): is being written; it is tried again when it rests")
}

extension Descriptor {
  /// Exactly `count` bytes.
  func bytes(at offset: Int64, count: Int, of path: RelativePath) throws -> [UInt8] {
    let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled =
        count == 0
        ? 0
        : try read(
          at: offset, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
    }
    guard bytes.count == count else { throw changed(path) }
    return bytes
  }
}
