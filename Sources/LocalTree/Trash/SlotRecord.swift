internal import CLinux
internal import FoundationEssentials
internal import Glibc
internal import SyncModel

/// What was put into a slot of the trash, written durably before it is.
///
/// Recovery and removal decide by the checksums, never by an inode number: those are reused at once.
struct SlotRecord: Codable, Hashable {
  /// A version of a file or link.
  struct Version: Codable, Hashable {
    var kind: UInt8
    var inode: UInt64
    var size: Int64
    var modified: Int64
    var mode: UInt32
    var crc64: UInt64

    init(kind: EntryKind, inode: UInt64, modified: Int64, mode: UInt32, content: Fingerprint) {
      self.kind = kind.rawValue
      self.inode = inode
      self.size = content.size
      self.modified = modified
      self.mode = mode
      crc64 = content.crc64
    }

    func isContent(_ fingerprint: Fingerprint, kind: EntryKind) -> Bool {
      self.kind == kind.rawValue && size == fingerprint.size && crc64 == fingerprint.crc64
    }
  }

  var path: String
  /// The version that leaves the tree: D of the protocol.
  var displaced: Version
  /// The version that takes its place: N. Nil for deletions.
  var installed: Version?
  /// The bucket holds or held the displaced content, so it may expire.
  var isInBucket: Bool

  init(path: RelativePath, displaced: Version, installed: Version?, isInBucket: Bool) {
    self.path = path.string
    self.displaced = displaced
    self.installed = installed
    self.isInBucket = isInBucket
  }

  func write(_ name: String, in directory: Descriptor, isDurable: Bool) throws {
    let bytes = [UInt8](try JSONEncoder().encode(self))
    let file = try directory.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    do {
      try bytes.withUnsafeBytes { try file.write($0, at: 0) }
      if isDurable { try file.sync() }
    } catch {
      try? directory.unlink(name)
      throw error
    }
  }

  /// Nil where it is missing or was cut off in writing; then its slot was not filled either.
  static func read(_ name: String, in directory: Descriptor) throws -> SlotRecord? {
    let file: Descriptor
    do { file = try directory.open(name, O_RDONLY) } catch let error as SystemError where error.code == ENOENT {
      return nil
    }
    var bytes: [UInt8] = []
    try file.forEachChunk { chunk, _ in bytes.append(contentsOf: chunk) }
    return try? JSONDecoder().decode(SlotRecord.self, from: Data(bytes))
  }
}
