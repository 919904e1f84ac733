internal import CLinux
internal import Glibc
internal import SyncModel

/// The `id` file in a mount's `.martlet`: a random number, and the inode of the folder it was made for.
struct MountIdentity: Hashable {
  var id: MountID
  /// Of the folder that holds `.martlet`; another one means that the state was copied.
  var inode: UInt64

  private static let name = "id"

  init(freshFor inode: UInt64, _ kernel: any Kernel) {
    id = MountID(max(1, kernel.random() >> 1))
    self.inode = inode
  }

  init(id: MountID, inode: UInt64) {
    self.id = id
    self.inode = inode
  }

  /// Reads the file, or makes it. `inode` is that of the folder now.
  static func load(from state: Descriptor, inode: UInt64) throws -> MountIdentity {
    if let found = try read(from: state) { return found }
    let fresh = MountIdentity(freshFor: inode, state.kernel)
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
    let temporary = "id.\(state.kernel.processID)"
    let file = try state.open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
    try Array("\(String(id.value, radix: 16)) \(inode)\n".utf8).withUnsafeBytes { try file.write($0, at: 0) }
    try file.sync()
    if replacing {
      try check(state.rename(temporary, to: Self.name, in: state))
    } else {
      var result = state.kernel.link(state.raw, temporary, state.raw, Self.name)
      // Not every file system has hard links, and not every such has this; that both lack and two instances begin at
      // the same moment is left to luck.
      if result < 0, result != -EEXIST {
        result = state.rename(temporary, to: Self.name, in: state, .withoutReplacing)
        if result == -EINVAL { result = state.rename(temporary, to: Self.name, in: state) }
      }
      _ = state.kernel.unlink(state.raw, temporary)
      if result < 0 && result != -EEXIST { throw SystemError(-result) }
    }
    try state.sync()
  }
}
