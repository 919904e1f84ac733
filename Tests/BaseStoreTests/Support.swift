import Glibc
import SyncModel
import Testing

@testable import BaseStore

/// A folder of its own, removed with the value.
final class ScratchFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/martlet-store-XXXXXX".utf8CString)
    path = try #require(mkdtemp(&template).map { String(cString: $0) })
  }

  deinit {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      unlink(path + "/" + name)
    }
    closedir(folder)
    rmdir(path)
  }

  var database: String { path + "/base.sqlite" }

  func open() throws -> BaseStore { try BaseStore(path: database) }
}

func copyFile(_ source: String, _ target: String) throws {
  let input = try #require(fopen(source, "r"))
  defer { fclose(input) }
  let output = try #require(fopen(target, "w"))
  defer { fclose(output) }
  var buffer = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = fread(&buffer, 1, buffer.count, input)
    if count == 0 { break }
    try #require(fwrite(buffer, 1, count, output) == count)
  }
}

extension RelativePath: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self.init(unchecked: text) }
}

/// Every field set, each to another value.
func fullEntry(_ path: RelativePath, inode: UInt64 = .max - 7, revision: Int64 = 0) -> BaseEntry {
  BaseEntry(
    path: path,
    local: LocalStamp(
      kind: .symlink, mount: MountID(.max - 1), inode: inode, size: 11, modified: Timestamp(nanoseconds: -12_345),
      changed: Timestamp(nanoseconds: 1_700_000_000_123_456_789), mode: 0o7777,
      owner: Owner(user: .max - 1, group: 7)),
    remote: RemoteStamp(etag: "e-2", size: 12, lastModified: Timestamp(seconds: 1_700_000_001), versionID: "v"),
    fingerprint: Fingerprint(size: 13, crc64: .max - 3),
    metadata: EntryMetadata(
      kind: .file, mode: 0o644, modified: Timestamp(nanoseconds: 5), owner: Owner(user: 0, group: .max - 2)),
    isProvisional: true, isLocalChanged: true, isApart: true, revision: revision)
}

/// Only what must be there.
func bareEntry(_ path: RelativePath, kind: EntryKind = .file, inode: UInt64 = 1, revision: Int64 = 0) -> BaseEntry {
  BaseEntry(
    path: path,
    local: LocalStamp(
      kind: kind, mount: MountID(1), inode: inode, size: 0, modified: Timestamp(nanoseconds: 0),
      changed: Timestamp(nanoseconds: 0), mode: 0o600),
    remote: nil, fingerprint: nil, metadata: EntryMetadata(kind: kind), revision: revision)
}
