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
  /// Where one direction has rules of its own, behind those of both.
  private let uploads: [CompiledRule]?
  private let downloads: [CompiledRule]?
  private let root: [Unicode.Scalar]
  private let patterns: PathPatterns

  /// `root` is the absolute path of the local root without a slash at its end, for patterns that begin with one.
  /// Such a pattern counts for both sides; in the AWS CLI it never matches a key.
  package init(
    rules: [Rule] = [], uploads: [Rule] = [], downloads: [Rule] = [], root: String = "",
    patterns: PathPatterns = PathPatterns()
  ) {
    self.patterns = patterns
    func compile(_ rules: [Rule]) -> [CompiledRule] {
      rules.map {
        CompiledRule(
          includes: $0.includes, pattern: GlobPattern($0.pattern),
          isAbsolute: $0.pattern.utf8.first == UInt8(ascii: "/"))
      }
    }
    compiled = compile(rules)
    self.uploads = uploads.isEmpty ? nil : compile(rules + uploads)
    self.downloads = downloads.isEmpty ? nil : compile(rules + downloads)
    self.root = Array((root + "/").unicodeScalars)
    func described(_ rules: [Rule]) -> String {
      rules.map { "\($0.includes ? "+" : "-")\($0.pattern.utf8.count):\($0.pattern)" }.joined()
    }
    var text = described(rules)
    if !uploads.isEmpty { text += "^" + described(uploads) }
    if !downloads.isEmpty { text += "_" + described(downloads) }
    let all = compiled + (self.uploads ?? []) + (self.downloads ?? [])
    if all.contains(where: \.isAbsolute) { text += "@\(root)" }
    text += patterns.identity
    // ASCII, since `String` takes canonically equivalent texts for equal.
    identity = text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
  }

  package var isEmpty: Bool { compiled.isEmpty && !dependOnDirection }

  package var dependOnDirection: Bool { uploads != nil || downloads != nil || !patterns.isEmpty }

  /// In one direction at least.
  package func includes(_ path: RelativePath) -> Bool {
    includesUploads(of: path) || dependOnDirection && includesDownloads(of: path)
  }

  package func includesUploads(of path: RelativePath) -> Bool {
    includes(path, uploads ?? compiled) && !patterns.keepsLocal(path)
  }

  package func includesDownloads(of path: RelativePath) -> Bool { includes(path, downloads ?? compiled) }

  /// Nothing that becomes of the object deletes the local one.
  package func keepsLocal(_ path: RelativePath) -> Bool { patterns.keepsLocal(path) }

  package enum Downloads: Hashable, Sendable { case all, onlyDeletions, none }

  /// What crosses from the bucket.
  package func downloads(of path: RelativePath) -> Downloads {
    includesDownloads(of: path) ? patterns.keepsAway(path) ? .onlyDeletions : .all : .none
  }

  private func includes(_ path: RelativePath, _ rules: [CompiledRule]) -> Bool {
    if DatabaseFiles.isSharedMemory(path) { return false }
    if rules.isEmpty { return true }
    let text = Array(path.string.unicodeScalars)
    let deciding = rules.last { $0.pattern.matches($0.isAbsolute ? root + text : text) }
    return deciding?.includes ?? true
  }
}
