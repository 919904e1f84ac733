import FoundationEssentials
import SyncEngine

/// The name of this node in conflict copies and reports, kept in the store.
///
/// State that was copied to another folder gets a new name: the inode of the root is remembered with it.
struct NodeIdentity: Codable, Hashable {
  var id: String
  var rootInode: UInt64

  private static let key = "node"

  static func establish(wanted: String?, root: String, in store: some BaseStorePort) async throws -> String {
    let inode = FileCalls.status(root)?.st_ino ?? 0
    let stored = try await store.value(key).flatMap { try? JSONDecoder().decode(Self.self, from: Data($0.utf8)) }
    if let stored, stored.rootInode == UInt64(inode), wanted == nil || wanted == stored.id { return stored.id }
    let identity = NodeIdentity(id: wanted ?? generated(root: root, inode: UInt64(inode)), rootInode: UInt64(inode))
    try await store.setValue(String(decoding: JSONEncoder().encode(identity), as: UTF8.self), for: key)
    return identity.id
  }

  /// Host name and four digits that tell machines and folders of one host name apart.
  private static func generated(root: String, inode: UInt64) -> String {
    let machine = FileCalls.readText("/etc/machine-id") ?? ""
    let host = FileCalls.hostName.split(separator: ".").first.map(String.init) ?? "node"
    let suffix = hexDigest("\(machine)\u{0}\(host)\u{0}\(root)\u{0}\(inode)").prefix(4)
    return "\(sanitised(host).prefix(40))-\(suffix)"
  }

  /// A node id becomes part of file names.
  static func problem(with id: String) -> String? {
    if id.isEmpty || id.utf8.count > 64 { return "must have 1 to 64 characters" }
    return sanitised(id) == id ? nil : "may have letters, digits, “-”, “_” and “.” only"
  }

  private static func sanitised(_ text: String) -> String {
    String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" })
  }
}
