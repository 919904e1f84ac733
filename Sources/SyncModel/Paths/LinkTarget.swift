/// Where a symbolic link leads, going by its text alone.
package enum LinkTarget {
  /// Absolute, or with more `..` than the link has folders above it below the root. Counted step by
  /// step: `a/../../x` is out where `a` is not.
  package static func leadsOut(_ target: [UInt8], from link: RelativePath) -> Bool {
    if target.first == UInt8(ascii: "/") { return true }
    var depth = link.components.count - 1
    for component in target.split(separator: UInt8(ascii: "/")) {
      if component.elementsEqual("..".utf8) {
        depth -= 1
        if depth < 0 { return true }
      } else if !component.elementsEqual(".".utf8) {
        depth += 1
      }
    }
    return false
  }
}
