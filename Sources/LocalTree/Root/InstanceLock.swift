internal import CLinux
internal import Glibc
internal import SyncModel

/// The lock that keeps a second instance away from the same root and prefix, held while it lives.
///
/// It belongs to the open file, so the kernel drops it however the process ends.
final class InstanceLock: Sendable {
  private let file: Descriptor

  init(in state: Descriptor, root: String) throws {
    // Open for reading only: an open writer keeps the mount from being made read-only.
    let writer = try state.open("lock", O_RDWR | O_CREAT, mode: 0o600)
    let reader = try state.open("lock", O_RDONLY)
    guard let locked = Self.lock(reader, or: writer) else {
      let holder = Self.holder(in: reader)
      throw RootError(
        code: .inUse,
        message: "“\(root)” is already being synced with this prefix by \(holder); stop that one first")
    }
    file = locked
    try check(writer.kernel.truncate(writer.raw, to: 0))
    let now = Timestamp(nanoseconds: state.kernel.now()).seconds
    let holder = "\(state.kernel.processID) \(state.kernel.hostName) \(now)\n"
    try Array(holder.utf8).withUnsafeBytes { try writer.write($0, at: 0) }
  }

  /// A program that the last holder was about to start has its descriptors for a moment after its end.
  private static func lock(_ reader: Descriptor, or writer: Descriptor) -> Descriptor? {
    for _ in 0..<20 {
      let result = reader.kernel.lockExclusively(reader.raw)
      if result >= 0 { return reader }
      // NFS locks as fcntl(2) does, and wants a writer for it.
      if result == -EBADF, writer.kernel.lockExclusively(writer.raw) >= 0 { return writer }
      reader.kernel.pause(microseconds: 25_000)
    }
    return nil
  }

  private static func holder(in file: Descriptor) -> String {
    var buffer = [UInt8](repeating: 0, count: 512)
    let count = (try? buffer.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }) ?? 0
    let words = String(decoding: buffer[..<count], as: UTF8.self).split(whereSeparator: { " \n".contains($0) })
    guard words.count >= 2 else { return "another process" }
    let since = words.count == 2 ? nil : Int64(words[2]).map { " since \(CalendarTime(Timestamp(seconds: $0)).text)" }
    return "process \(words[0]) on host \(words[1])\(since ?? "")"
  }
}
