/// The words of a command line as a POSIX shell splits them, without expansions: quotes, and backslashes, which inside
/// double quotes escape only themselves and a quote. Source: Python's `shlex.split`, with which AWS's tools read
/// `credential_process`.
enum ShellWords {
  /// - Throws: ``CredentialError`` when a quote is not closed or a backslash ends the line.
  static func split(_ line: String) throws(CredentialError) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Unicode.Scalar?
    var scalars = line.unicodeScalars.makeIterator()
    func escaped() throws(CredentialError) -> Unicode.Scalar {
      guard let next = scalars.next() else { throw CredentialError("a backslash at the end escapes nothing") }
      return next
    }
    while let scalar = scalars.next() {
      switch (scalar, quote) {
      case (let end, let open?) where end == open: quote = nil
      case ("\\", "\""):
        let next = try escaped()
        if next != "\\", next != "\"" { word = (word ?? "") + "\\" }
        word = (word ?? "") + String(next)
      case (_, .some): word = (word ?? "") + String(scalar)
      case ("\\", nil): word = (word ?? "") + String(try escaped())
      case ("\"", nil), ("'", nil):
        quote = scalar
        word = word ?? ""
      case (" ", nil), ("\t", nil), ("\r", nil), ("\n", nil):
        if let ended = word { words.append(ended) }
        word = nil
      default: word = (word ?? "") + String(scalar)
      }
    }
    guard quote == nil else { throw CredentialError("a quote is not closed") }
    return words + [word].compactMap(\.self)
  }
}
