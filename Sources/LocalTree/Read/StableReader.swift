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

  /// Microseconds; a writer that is about to close is waited for.
  static let patience: UInt32 = 5_000

  func open(_ path: RelativePath, expecting expected: LocalStamp) throws -> OpenLeaf {
    let leaf = try find(path)
    guard leaf.stamp == expected else { throw changed(path) }
    try leaf.makeDurable()
    leaf.descriptor.kernel.waitUntilDistinct(from: leaf.status.changed)
    return leaf
  }

  /// As above, but a file that is being written is told from one that was changed.
  private func open(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen version: OpenVersion
  ) throws -> OpenLeaf {
    let leaf = try find(path)
    if leaf.stamp != expected {
      guard leaf.kind == .file, leaf.status.inode == expected.inode, isHeld(leaf) else { throw changed(path) }
      if version != .steady { throw busy(path) }
    }
    try leaf.makeDurable()
    leaf.descriptor.kernel.waitUntilDistinct(from: leaf.status.changed)
    return leaf
  }

  private func find(_ path: RelativePath) throws -> OpenLeaf {
    do { return try OpenLeaf(path, in: observer, following: observer.follower) } catch OpenLeaf.Absence.absent {
      throw LocalFailure(.vanished, "\(path): is gone; it is looked at again")
    } catch OpenLeaf.Absence.obstructed { throw changed(path) }
  }

  func isOpenForWriting(_ path: RelativePath) throws -> Bool {
    do {
      let leaf = try OpenLeaf(path, in: observer, following: observer.follower)
      return leaf.kind == .file && isHeld(leaf)
    } catch is OpenLeaf.Absence { return false }
  }

  private func isHeld(_ leaf: OpenLeaf) -> Bool {
    let lease = leaf.takeLease(patience: Self.patience)
    defer { lease.release() }
    return lease.state == .refused
  }

  /// A result of reading a leaf that was held still, or of a steady version of one that somebody writes to.
  struct Held<Result> {
    var result: Result
    /// Of the version that was read.
    var stamp: LocalStamp
    var isProvisional: Bool
    var isOfOpenFile: Bool
  }

  /// Calls `body` with the file, and how many bytes of it to read, while it is held still.
  ///
  /// Where somebody has it open for writing, `body` runs twice and must tell by the same result that the content rests.
  func hold<Result: Equatable>(
    _ leaf: OpenLeaf, whileOpen version: OpenVersion, _ body: (OpenLeaf, Int64) throws -> Result
  ) throws -> Held<Result> {
    let lease = leaf.takeLease(patience: Self.patience)
    defer { lease.release() }
    if lease.state == .refused { return try steady(leaf, version, body) }
    guard try leaf.currentStamp() == leaf.stamp else { throw changed(leaf.path) }
    let result = try body(leaf, leaf.status.size)
    guard try leaf.currentStamp() == leaf.stamp, lease.isUnbroken else { throw changed(leaf.path) }
    return Held(
      result: result, stamp: leaf.stamp, isProvisional: leaf.isProvisional(lease.state), isOfOpenFile: false)
  }

  /// A version of a file that somebody has open for writing, by what docs/safety.md says of it.
  func steady<Result: Equatable>(
    _ leaf: OpenLeaf, _ version: OpenVersion, _ body: (OpenLeaf, Int64) throws -> Result
  ) throws -> Held<Result> {
    guard case .steady = version else { return try rested(leaf, version, body) }
    var leaf = leaf
    for _ in 0..<Self.steadyAttempts {
      try leaf.refresh()
      let size = leaf.status.size
      let first = try body(leaf, size)
      let second = try body(leaf, size)
      let after = try leaf.descriptor.status()
      // What only grew had these bytes when it had this size.
      if first == second, after.stamp(on: leaf.mountID, leaf.ownership) == leaf.stamp || after.size > size {
        return Held(result: first, stamp: leaf.stamp, isProvisional: true, isOfOpenFile: true)
      }
    }
    throw busy(leaf.path)
  }

  private static let steadyAttempts = 3

  private func rested<Result: Equatable>(
    _ leaf: OpenLeaf, _ version: OpenVersion, _ body: (OpenLeaf, Int64) throws -> Result
  ) throws -> Held<Result> {
    // Of the two stamps only this one cannot be set.
    let age = leaf.descriptor.kernel.now() &- leaf.status.changed
    guard case .rested(let rest) = version, age >= rest, try leaf.currentStamp() == leaf.stamp else {
      throw busy(leaf.path)
    }
    let size = leaf.status.size
    let result = try body(leaf, size)
    guard try body(leaf, size) == result, try leaf.currentStamp() == leaf.stamp else { throw busy(leaf.path) }
    return Held(result: result, stamp: leaf.stamp, isProvisional: true, isOfOpenFile: true)
  }

  func read(_ path: RelativePath, expecting expected: LocalStamp, whileOpen version: OpenVersion) throws
    -> SmallContent
  {
    let leaf = try open(path, expecting: expected, whileOpen: version)
    let held = try hold(leaf, whileOpen: version) { leaf, size in
      if leaf.kind == .symlink { return try leaf.descriptor.linkTarget() }
      // The caller counts on about the size that it expects.
      guard size <= expected.size + Self.growth else { throw changed(path) }
      return try leaf.descriptor.bytes(at: 0, count: Int(size), of: path)
    }
    return SmallContent(
      bytes: held.result, fingerprint: Fingerprint(of: held.result), stamp: held.stamp,
      isProvisional: held.isProvisional, isOfOpenFile: held.isOfOpenFile)
  }

  /// What a log may grow by from the look to the read: bytes.
  private static let growth: Int64 = 1 << 20

  func fingerprint(_ path: RelativePath, expecting expected: LocalStamp, whileOpen version: OpenVersion) throws
    -> ContentCheck
  {
    let leaf = try open(path, expecting: expected, whileOpen: version)
    let held = try hold(leaf, whileOpen: version) { leaf, size in
      leaf.kind == .symlink ? try leaf.content() : try leaf.descriptor.fingerprint(upTo: size)
    }
    return ContentCheck(fingerprint: held.result, stamp: held.stamp, isProvisional: held.isProvisional)
  }

  func openSnapshot(_ path: RelativePath, expecting expected: LocalStamp, whileOpen version: OpenVersion) throws
    -> any LocalSnapshot
  {
    let leaf = try open(path, expecting: expected, whileOpen: version)
    let lease = leaf.takeLease(patience: Self.patience)
    defer { lease.release() }
    if lease.state == .refused { return try CopiedSnapshot(leaf, version, reader: self) }
    guard try leaf.currentStamp() == leaf.stamp else { throw changed(path) }
    return LeafSnapshot(leaf, runner: runner)
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
