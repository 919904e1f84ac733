internal import CLinux
internal import Glibc
internal import SyncModel

/// The `id` file in a mount's `.martlet`: a random number, and the inode of the folder it was made for.
struct MountIdentity: Hashable {
  var id: MountID
  /// Of the folder that holds `.martlet`; another one means that the state was copied.
  var inode: UInt64

  private static let name = "id"

  /// Reads the file, or makes it. `inode` is that of the folder now.
  static func load(from state: Descriptor, inode: UInt64) throws -> MountIdentity {
    if let found = try read(from: state) { return found }
    let fresh = MountIdentity(id: MountID(UInt64.random(in: 1...UInt64(Int64.max))), inode: inode)
    try fresh.write(to: state, replacing: false)
    // Another instance, for another prefix, may have been first.
    return try read(from: state) ?? fresh
  }

  static func read(from state: Descriptor) throws -> MountIdentity? {
    let file: Descriptor
    do { file = try state.open(name, O_RDONLY) } catch let error as SystemError where error.code == ENOENT {
      return nil
    }
    var buffer = [UInt8](repeating: 0, count: 128)
    let count = try buffer.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
    let words = String(decoding: buffer[..<count], as: UTF8.self).split(whereSeparator: { " \n".contains($0) })
    guard words.count == 2, let id = UInt64(words[0], radix: 16), let inode = UInt64(words[1]) else { return nil }
    return MountIdentity(id: MountID(id), inode: inode)
  }

  func write(to state: Descriptor, replacing: Bool) throws {
    let temporary = "id.\(getpid())"
    let file = try state.open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
    try Array("\(String(id.value, radix: 16)) \(inode)\n".utf8).withUnsafeBytes { try file.write($0, at: 0) }
    try file.sync()
    if replacing {
      try check(clinux_rename(state.raw, temporary, state.raw, Self.name))
    } else {
      let result = linkat(state.raw, temporary, state.raw, Self.name, 0)
      let code = errno
      try state.unlink(temporary)
      if result < 0 && code != EEXIST { throw SystemError(code) }
    }
    try state.sync()
  }
}
