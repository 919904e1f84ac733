/// Names that are never synced, at any depth, on either side: Martlet's own, and what its two
/// predecessors leave in trees and buckets.
package enum ReservedNames {
  /// Martlet's state on a mount, and its journal below the prefix.
  package static let state = ".martlet"
  /// Start of the hidden siblings in which downloads are staged where a mount has no state folder.
  package static let temporaryPrefix = ".martlet-tmp."
  /// The lease, shared with s3-sync2.
  package static let lease = ".s3-sync2.lock"
  private static let mobiusState = ".mobius3"
  private static let mobiusFlushPrefix = ".__mobius3_flush__"

  /// The reserved name that this path is or lies in; nil for paths that are synced.
  package static func match(in path: RelativePath) -> String? { match(in: path.string) }

  static func match(in text: String) -> String? {
    let bytes = text.utf8
    var start = bytes.startIndex
    while start < bytes.endIndex {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
      if bytes[start] == UInt8(ascii: "."),
        let name = match(component: bytes[start..<end], isLeaf: end == bytes.endIndex)
      {
        return name
      }
      start = end < bytes.endIndex ? bytes.index(after: end) : end
    }
    return nil
  }

  private static func match(component: Substring.UTF8View, isLeaf: Bool) -> String? {
    for name in [state, mobiusState] where component.elementsEqual(name.utf8) { return name }
    for prefix in [temporaryPrefix, mobiusFlushPrefix] where component.starts(with: prefix.utf8) {
      return prefix + "*"
    }
    return isLeaf && component.elementsEqual(lease.utf8) ? lease : nil
  }
}
