import Martlet

/// The bucket and where it is, from a URL as mobius3 takes it: `https://HOST/BUCKET/` or `https://BUCKET.HOST/`, with or
/// without the slash at its end.
struct BucketAddress: Equatable {
  var bucket: String
  /// Without the bucket.
  var endpoint: String
  var addressing: Configuration.Addressing
  /// The host is the one that AWS has for S3 in a region.
  var isStandardAWS: Bool

  /// - Parameter pattern: in which `{}` stands for the bucket.
  init(bucket: String, pattern: String) throws(SettingProblem) {
    if bucket.contains("/") || bucket.isEmpty {
      throw SettingProblem("give the bucket's name alone, and its URL as a pattern such as https://HOST/{}/")
    }
    let url = pattern.replacing("{0}", with: bucket).replacing("{}", with: bucket)
    try self.init(url, bucket: bucket)
  }

  init(url: String) throws(SettingProblem) { try self.init(url, bucket: nil) }

  private static let hint = "give a URL such as https://HOST/BUCKET/ or https://BUCKET.HOST/"

  private init(_ url: String, bucket known: String?) throws(SettingProblem) {
    let lowered = url.lowercased()
    guard let scheme = ["https://", "http://"].first(where: lowered.hasPrefix) else { throw SettingProblem(Self.hint) }
    let rest = url.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" }
    if authority.contains("@") || rest.contains("?") || rest.contains("#") || authority.isEmpty {
      throw SettingProblem(Self.hint)
    }
    var path = rest.dropFirst(authority.count).split(separator: "/").map(String.init)
    let (host, port) = Self.parts(authority)
    let inHost = try Self.bucket(of: host, known, hasPath: !path.isEmpty)
    if let inHost {
      bucket = inHost
      addressing = .virtual
    } else {
      guard let last = path.popLast() else { throw SettingProblem(Self.hint) }
      bucket = last
      addressing = .path
    }
    if let known, known != bucket { throw SettingProblem("the pattern does not name the bucket: \(Self.hint)") }
    let server = inHost.map { String(host.dropFirst($0.count + 1)) } ?? host
    isStandardAWS = scheme == "https://" && port.isEmpty && path.isEmpty && Self.isStandardAWS(server.lowercased())
    endpoint = scheme + server + port + path.map { "/" + $0 }.joined()
  }

  private static func parts(_ authority: Substring) -> (host: String, port: String) {
    guard let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") else {
      return (String(authority), "")
    }
    return (String(authority[..<colon]), String(authority[colon...]))
  }

  /// Nil: the path names it.
  private static func bucket(of host: String, _ known: String?, hasPath: Bool) throws(SettingProblem) -> String? {
    if let known, host.lowercased().hasPrefix(known.lowercased() + "."), !hasPath { return known }
    let lowered = host.lowercased()
    let labels = lowered.split(separator: ".", omittingEmptySubsequences: false)
    if lowered.hasSuffix(".amazonaws.com") || lowered.hasSuffix(".amazonaws.com.cn"),
      let s3 = labels.lastIndex(where: { $0 == "s3" || $0.hasPrefix("s3-") })
    {
      if s3 == 0 { return nil }
      // The hosts of endpoints in a VPC have two labels of their own in front.
      let isInterface = labels[0] == "bucket" && labels.dropFirst().first?.hasPrefix("vpce-") == true && s3 == 2
      if isInterface { return nil }
      let name = labels[..<s3].joined(separator: ".")
      if hasPath { throw SettingProblem("the host names the bucket \(name): a prefix goes into --prefix") }
      return name
    }
    if hasPath || known != nil { return nil }
    let isAddress = labels.last?.allSatisfy(\.isNumber) ?? true
    guard labels.count > 1, !isAddress, !host.hasPrefix("[") else { return nil }
    return String(host.prefix { $0 != "." })
  }

  /// `s3.amazonaws.com`, `s3.REGION.amazonaws.com`, `s3-REGION.amazonaws.com`.
  private static func isStandardAWS(_ host: String) -> Bool {
    for domain in [".amazonaws.com", ".amazonaws.com.cn"] where host.hasSuffix(domain) {
      let name = host.dropLast(domain.count)
      if name == "s3" { return true }
      guard name.hasPrefix("s3.") || name.hasPrefix("s3-") else { continue }
      let region = name.dropFirst(3)
      let isKind = ["fips", "accelerate", "external-1"].contains { region.hasPrefix($0) }
      return !region.contains(".") && !isKind && region.contains("-")
    }
    return false
  }
}
