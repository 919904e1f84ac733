/// The type of a file by its name, as the AWS CLI guesses it.
enum ContentType {
  /// What S3 says of an object without a type.
  static let unknown = "binary/octet-stream"

  /// The rules of Python's `mimetypes.guess_type`: the last extension counts, in any case; one suffix of a compression, in its
  /// own case, is passed over.
  ///
  /// - Parameter path: a path or key; only the last component counts.
  /// - Returns: nil where the name tells nothing.
  static func guess(_ path: String) -> String? {
    let name = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last ?? path.utf8[...]
    guard var (stem, suffix) = split(Substring(name)) else { return nil }
    if let long = longForms[suffix.lowercased()] {
      guard let pieces = split(stem + long) else { return nil }
      (stem, suffix) = pieces
    }
    if compressions.contains(String(suffix)) {
      guard let pieces = split(stem) else { return nil }
      suffix = pieces.suffix
    }
    return types[Substring(suffix.lowercased())]
  }

  /// Python's `splitext`, without the dot: dots at the start of a name begin no extension.
  private static func split(_ name: Substring) -> (stem: Substring, suffix: Substring)? {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")),
      name.utf8[..<dot].contains(where: { $0 != UInt8(ascii: ".") })
    else { return nil }
    return (name[..<dot], name[name.utf8.index(after: dot)...])
  }

  private static let compressions: Set = ["gz", "Z", "bz2", "xz", "br"]
  private static let longForms = [
    "svgz": ".svg.gz", "tgz": ".tar.gz", "taz": ".tar.gz", "tz": ".tar.gz", "tbz2": ".tar.bz2", "txz": ".tar.xz",
  ]

  /// By extension.
  static let types: [Substring: String] = {
    var types: [Substring: String] = [:]
    for line in table.description.split(separator: "\n") {
      let words = line.split(separator: " ")
      for word in words.dropFirst() { types[word] = String(words[0]) }
    }
    return types
  }()
}
