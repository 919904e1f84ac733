import AWSKit

extension Configuration {
  /// The CloudFront distribution that is told of changes.
  public struct CloudFront: Hashable, Sendable {
    /// What is invalidated after a change.
    public enum Paths: Hashable, Sendable {
      /// These, whatever changed; encoded, with a slash at the start.
      case fixed([String])
      /// Those of the changed objects.
      case changed
    }

    /// Its id: `--cf-dist-id`.
    public var distribution: String
    /// `--cf-inval-paths`.
    public var paths: Paths = .fixed(["/*"])
    /// `--cf-inval-always`: also after changes that came from the bucket.
    public var always = false

    /// - Parameter distribution: The id.
    public init(distribution: String) { self.distribution = distribution }
  }
}

extension Configuration.CloudFront.Paths {
  /// Takes `changed`, or paths with blanks between them.
  public init(parsing text: String) {
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    self = words == ["changed"] ? .changed : .fixed(words)
  }
}

extension Configuration.CloudFront {
  /// Everything that is wrong with the values themselves.
  var problems: [String] {
    guard case .fixed(let paths) = paths else { return [] }
    var problems: [String] = []
    if paths.isEmpty { problems.append("give paths such as “/* /index.html”, or “changed”") }
    if paths.count > InvalidationPath.limit {
      problems.append("an invalidation takes at most \(InvalidationPath.limit) paths, not \(paths.count)")
    }
    for path in paths {
      if !path.utf8.starts(with: "/".utf8) {
        problems.append("“\(path)” has no slash at its start: give paths such as “/* /index.html”, or “changed”")
      } else if path.utf8.count > InvalidationPath.maximumLength {
        problems.append("a path has at most \(InvalidationPath.maximumLength) characters")
      }
    }
    return problems.prefix(3).map { "--cf-inval-paths: \($0)" }
  }
}
