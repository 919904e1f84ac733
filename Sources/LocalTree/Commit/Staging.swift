internal import CLinux
internal import Glibc
internal import NIOConcurrencyHelpers
internal import SyncEngine

/// The folder `tmp/` of a mount, in which contents are put together before they enter the tree.
final class Staging: Sendable {
  /// Starts every name in `tmp/`, so that leftovers are known to be ours.
  static let prefix = "martlet-"

  let directory: Descriptor

  init(directory: Descriptor) { self.directory = directory }

  func freshName() -> String { Self.prefix + String(directory.kernel.random(), radix: 16) }

  /// What a run that was cut off left behind. Nothing here was ever in the tree under this name only.
  static func removeLeftovers(in directory: Descriptor) throws {
    for name in try directory.names() where name.hasPrefix(prefix) { try directory.unlink(name) }
  }
}

/// A file below `tmp/`, removed unless it is taken into the tree.
final class StagedContent: StagedFile {
  let mount: Mount
  let name: String
  /// The path it is for, as the user knows it.
  private let target: String
  private let writer: NIOLockedValueBox<Descriptor?>
  private let isOurs = NIOLockedValueBox(true)

  init(on mount: Mount, for target: String, size: Int64) throws {
    self.mount = mount
    self.target = target
    name = mount.staging.freshName()
    let file = try mount.staging.directory.open(name, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
    writer = NIOLockedValueBox(file)
    // Early, so that a full disk is known before anything is downloaded; not every file system can.
    if size > 0 {
      let result = file.kernel.allocate(file.raw, size)
      if result == -ENOSPC || result == -EDQUOT || result == -EFBIG {
        try? mount.staging.directory.unlink(name)
        throw SystemError(-result)
      }
    }
  }

  deinit { remove() }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
    guard let file = writer.withLockedValue({ $0 }) else { return }
    do { try file.write(bytes, at: offset) } catch let error as SystemError {
      throw LocalFailure(error, at: target)
    }
  }

  /// The open file; nil once it was finished.
  var file: Descriptor? { writer.withLockedValue { $0 } }

  /// Closes the writing descriptor: a lease is refused while one is open.
  func finish() { writer.withLockedValue { $0 = nil } }

  /// It has left `tmp/`, or is to stay there as after a crash.
  func release() { isOurs.withLockedValue { $0 = false } }

  func remove() {
    finish()
    let wasOurs = isOurs.withLockedValue { value in
      defer { value = false }
      return value
    }
    if wasOurs { try? mount.staging.directory.unlink(name) }
  }

  func discard() async { remove() }
}
