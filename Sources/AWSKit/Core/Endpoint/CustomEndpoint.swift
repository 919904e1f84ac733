internal import Glibc

/// Scheme, host, port and base path of a server.
struct CustomEndpoint: Sendable, Equatable {
  var isSecure: Bool
  /// IPv6 addresses in brackets.
  var host: String
  /// Nil: the default of the scheme.
  var port: Int?
  /// Empty, or with a slash at the start and none at the end.
  var basePath: String

  init(isSecure: Bool, host: String, port: Int?, basePath: String) {
    self.isSecure = isSecure
    self.host = host
    self.port = port
    self.basePath = basePath
  }

  init(url: String) throws(S3Error) {
    func invalid(_ reason: String) -> S3Error {
      S3Error(.invalidArgument, message: "the endpoint \"\(Self.redacted(url))\" is not a URL: \(reason)")
    }
    var rest = Substring(url)
    if url.lowercased().hasPrefix("https://") {
      isSecure = true
      rest = rest.dropFirst("https://".count)
    } else if url.lowercased().hasPrefix("http://") {
      isSecure = false
      rest = rest.dropFirst("http://".count)
    } else {
      throw invalid("it has to begin with http:// or https://")
    }
    guard rest.utf8.allSatisfy({ $0 > 32 && $0 < 127 }), !rest.contains(where: { "?#@\\\"<>".contains($0) }) else {
      throw invalid("user names, queries, fragments, blanks and other such characters are not taken")
    }
    let authority = rest.prefix { $0 != "/" }
    var path = rest.dropFirst(authority.count)
    while path.hasSuffix("/") { path = path.dropLast() }
    basePath = String(path)

    var name = authority
    port = nil
    if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
      guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else {
        throw invalid("the port is not a number")
      }
      name = authority[..<colon]
      port = Int(number) == (isSecure ? 443 : 80) ? nil : Int(number)
    }
    guard !name.isEmpty else { throw invalid("the host is missing") }
    let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
    let inside = isBracketed ? name.dropFirst().dropLast() : name
    guard !inside.contains(where: { (isBracketed ? "[]" : "[]:").contains($0) }) else {
      throw invalid("an IPv6 address stands in brackets, a port behind one colon")
    }
    host = name.lowercased()
  }

  var authority: String { port.map { "\(host):\($0)" } ?? host }

  var url: String { "\(isSecure ? "https" : "http")://\(authority)\(basePath)" }

  /// Without what may be a password.
  private static func redacted(_ url: String) -> String {
    guard let at = url.lastIndex(of: "@") else { return url }
    return "…" + url[at...]
  }

  static func isIPAddress(_ host: String) -> Bool {
    if host.hasPrefix("[") { return true }
    var address = in_addr()
    return inet_pton(AF_INET, host, &address) == 1
  }
}
