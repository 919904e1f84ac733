import Glibc
import SyncEngine

/// The name of this node in conflict copies and reports, kept in the store.
enum NodeIdentity {
  private static let key = "node"
  /// Characters of an id.
  static let longest = 64

  /// - Parameters:
  ///   - wanted: `--node-id`; comes before the stored one.
  ///   - isCopied: the state came with a copy of another root, whose node goes on under the stored name.
  static func establish(wanted: String?, isCopied: Bool, root: String, in store: any BaseStorePort) async throws
    -> String
  {
    if isCopied { try await NodeKeeper.forget(in: store) }
    let stored = try await store.value(key)
    if let stored, !isCopied, wanted == nil || wanted == stored { return stored }
    let id = wanted ?? generated(root: root)
    try await store.setValue(id, for: key)
    return id
  }

  /// Host name and four digits that tell machines and folders of one host name apart.
  private static func generated(root: String) -> String {
    let inode = FileCalls.status(root)?.st_ino ?? 0
    let machine = FileCalls.readText("/etc/machine-id") ?? ""
    let host = FileCalls.hostName.split(separator: ".").first.map(String.init) ?? "node"
    let suffix = hexDigest("\(machine)\u{0}\(host)\u{0}\(root)\u{0}\(inode)").prefix(4)
    return "\(sanitised(host).prefix(40))-\(suffix)"
  }

  /// The host's full name.
  static var host: String { sanitised(FileCalls.hostName) }

  /// A node id becomes part of file names.
  static func problem(with id: String) -> String? {
    if id.isEmpty || id.utf8.count > longest { return "must have 1 to \(longest) characters" }
    return sanitised(id) == id ? nil : "may have letters, digits, “-”, “_” and “.” only"
  }

  private static func sanitised(_ text: String) -> String {
    String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" })
  }
}
