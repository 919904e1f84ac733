import FoundationEssentials
import Glibc

/// File systems without memory shared coherently between their users, which SQLite's WAL needs.
enum NetworkFileSystem {
  /// Whether the folder of the file `path` lies on one. Where that cannot be found out: no.
  static func holds(_ path: String) -> Bool {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    var status = stat()
    guard stat(folder, &status) == 0, let table = try? Data(contentsOf: URL(filePath: "/proc/self/mountinfo")) else {
      return false
    }
    let type = type(
      ofDevice: name(ofDevice: UInt64(status.st_dev)), inMountTable: String(decoding: table, as: UTF8.self))
    return type.map(names.contains) ?? false
  }

  /// `major:minor` of a `dev_t`, whose bits makedev(3) interleaves.
  static func name(ofDevice device: UInt64) -> String {
    let major = (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
    let minor = device & 0xFF | (device >> 12) & 0xFFFF_FF00
    return "\(major):\(minor)"
  }

  private static let names: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "afs", "lustre", "glusterfs", "fuse.glusterfs", "fuse.sshfs",
  ]

  /// The file-system type of a device in the format of proc_pid_mountinfo(5): the third field is
  /// `major:minor`, the type follows the separator ` - `.
  static func type(ofDevice device: String, inMountTable table: String) -> String? {
    for line in table.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 2, fields[2] == device, let separator = fields.firstIndex(of: "-"),
        separator + 1 < fields.count
      else { continue }
      return String(fields[separator + 1])
    }
    return nil
  }
}
