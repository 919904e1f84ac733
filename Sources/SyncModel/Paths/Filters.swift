/// Which paths are synced: the AWS CLI's `--exclude` and `--include` in the order in which they were given.
///
/// Everything is included; each matching rule turns that over, the last one decides. Patterns apply to the
/// whole path below the root, so `dir` does not exclude `dir/file`, and `*` crosses slashes.
package struct Filters: Hashable, Sendable {
  package enum Rule: Hashable, Sendable {
    case exclude(String)
    case include(String)

    var pattern: String {
      switch self {
      case .exclude(let pattern), .include(let pattern): pattern
      }
    }
    var includes: Bool {
      switch self {
      case .exclude: false
      case .include: true
      }
    }
  }

  private struct CompiledRule: Hashable, Sendable {
    var includes: Bool
    var pattern: GlobPattern
    /// A pattern that begins with a slash is compared with the absolute local path.
    var isAbsolute: Bool
  }

  /// Differs for filters that may include other paths; for telling that they changed since the last run.
  package let identity: String
  private let compiled: [CompiledRule]
  private let root: [Unicode.Scalar]

  /// `root` is the absolute path of the local root without a slash at its end, for patterns that begin with one.
  /// Such a pattern counts for both sides; in the AWS CLI it never matches a key.
  package init(rules: [Rule] = [], root: String = "") {
    compiled = rules.map {
      CompiledRule(
        includes: $0.includes, pattern: GlobPattern($0.pattern), isAbsolute: $0.pattern.utf8.first == UInt8(ascii: "/"))
    }
    self.root = Array((root + "/").unicodeScalars)
    let texts = rules.map { "\($0.includes ? "+" : "-")\($0.pattern.utf8.count):\($0.pattern)" }
    let text = texts.joined() + (compiled.contains { $0.isAbsolute } ? "@\(root)" : "")
    // ASCII, since `String` takes canonically equivalent texts for equal.
    identity = text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
  }

  package var isEmpty: Bool { compiled.isEmpty }

  package func includes(_ path: RelativePath) -> Bool {
    if DatabaseFiles.isSharedMemory(path) { return false }
    if compiled.isEmpty { return true }
    let text = Array(path.string.unicodeScalars)
    let deciding = compiled.last { $0.pattern.matches($0.isAbsolute ? root + text : text) }
    return deciding?.includes ?? true
  }
}
