/// The proxies that the environment names, read as botocore reads them, that is, Python's urllib: `http_proxy` is for
/// `http://` endpoints, `https_proxy` for `https://`, names in lower case win, also when they are empty; `no_proxy` is
/// a list of hosts and domains, or `*`. `ALL_PROXY` does not count.
public struct ProxySettings: Sendable, Equatable {
  struct Proxy: Sendable, Equatable {
    /// IPv6 addresses without brackets.
    let host: String
    let port: Int
    /// User name and password.
    let user: String?
    let password: String?
  }

  /// For `http://` endpoints.
  let plain: Proxy?
  /// For `https://` endpoints.
  let secure: Proxy?
  private let exceptions: [String]

  /// No proxies.
  public init() {
    plain = nil
    secure = nil
    exceptions = []
  }

  /// - Throws: ``S3Error`` (`invalidArgument`) that names the variable; a password is never in it.
  public init(environment: [String: String]) throws {
    plain = try Self.proxy("http_proxy", environment)
    secure = try Self.proxy("https_proxy", environment)
    let list = Self.value("no_proxy", environment)?.value ?? ""
    exceptions = list.split(separator: ",").map { name in
      String(name.filter { !$0.isWhitespace }.drop { $0 == "." }).lowercased()
    }
  }

  /// `host:port` of each, for logs.
  public var summary: String? {
    let hosts = [plain, secure].compactMap { proxy in proxy.map { "\($0.host):\($0.port)" } }
    return hosts.isEmpty ? nil : (hosts.first == hosts.last ? [hosts[0]] : hosts).joined(separator: ", ")
  }

  var isEmpty: Bool { plain == nil && secure == nil }

  /// Nil: the server is spoken to directly.
  /// - Parameter authority: `host` or `host:port`, in lower case, as in the URL.
  func proxy(isSecure: Bool, authority: String) -> Proxy? {
    let proxy = isSecure ? secure : plain
    return proxy == nil || Self.isOfThisMachine(authority) || isException(authority) ? nil : proxy
  }

  /// The credentials of containers and instances: no proxy can reach them, and none is to see them. Unlike botocore,
  /// whose users have to name them in `NO_PROXY`.
  private static func isOfThisMachine(_ authority: String) -> Bool {
    authority.hasPrefix("[fd00:ec2::")
      || authority.hasPrefix("169.254.") && CustomEndpoint.isIPAddress(String(authority.prefix { $0 != ":" }))
  }

  private func isException(_ authority: String) -> Bool {
    if exceptions == ["*"] { return true }
    var host = authority
    if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
      host = String(authority[..<colon])
    }
    return exceptions.contains { name in
      !name.isEmpty
        && [host, authority].contains { $0 == name || $0.hasSuffix("." + name) || $0 == "[\(name)]" }
    }
  }

  // MARK: Reading

  /// - Parameter name: in lower case.
  private static func value(
    _ name: String, _ environment: [String: String]
  ) -> (variable: String, value: String)? {
    if let value = environment[name] { return value.isEmpty ? nil : (name, value) }
    let upper = name.uppercased()
    return environment[upper].flatMap { $0.isEmpty ? nil : (upper, $0) }
  }

  private static func proxy(_ name: String, _ environment: [String: String]) throws -> Proxy? {
    guard let (variable, value) = value(name, environment) else { return nil }
    func unusable(_ reason: String) -> S3Error {
      let shown = value.lastIndex(of: "@").map { "…" + value[$0...] } ?? value
      return S3Error(.invalidArgument, message: "\(variable)=\(S3Call.printable(shown)): \(reason)")
    }
    var rest = Substring(value)
    if let end = rest.range(of: "://") {
      guard rest[..<end.lowerBound].lowercased() == "http" else {
        throw unusable("only proxies that are spoken to without TLS are supported: http://HOST:PORT")
      }
      rest = rest[end.upperBound...]
    } else if rest.hasPrefix("//") {
      rest = rest.dropFirst(2)
    }
    var user: String?
    var password: String?
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if let at = authority.lastIndex(of: "@") {
      let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let decoded = parts.map { URIEncoding.decode($0.utf8).flatMap { String(validating: $0, as: UTF8.self) } }
      guard let name = decoded[0], decoded.last! != nil else {
        throw unusable("user name and password have to be percent-encoded")
      }
      user = name
      password = decoded.count > 1 ? decoded[1] : ""
      rest = authority[authority.index(after: at)...]
    } else {
      rest = authority
    }
    let endpoint: CustomEndpoint
    do { endpoint = try CustomEndpoint(url: "http://\(rest)") } catch { throw unusable("give it as http://HOST:PORT") }
    let isBracketed = endpoint.host.hasPrefix("[")
    return Proxy(
      host: isBracketed ? String(endpoint.host.dropFirst().dropLast()) : endpoint.host, port: endpoint.port ?? 80,
      user: user, password: password)
  }
}

extension Substring {
  /// Foundation's is not worth its weight here.
  fileprivate func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
