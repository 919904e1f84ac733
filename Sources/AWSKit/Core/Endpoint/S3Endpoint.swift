/// Where S3 is, and in which form buckets are addressed there.
public struct S3Endpoint: Sendable, Equatable {
  public enum AddressingStyle: String, Sendable {
    /// Virtual host for AWS and buckets whose name fits; path for every custom endpoint.
    case auto
    case path
    case virtual
  }

  /// Nil: AWS.
  let custom: CustomEndpoint?
  /// Nil: not known yet; AWS then finds it by redirects.
  public let region: String?
  public let addressingStyle: AddressingStyle

  /// - Parameter url: `http://host[:port][/base]` or `https://…`; nil for AWS.
  /// - Throws: ``S3Error`` (`invalidArgument`) when the URL is not one.
  public init(url: String? = nil, region: String? = nil, addressingStyle: AddressingStyle = .auto) throws {
    custom = try url.map(CustomEndpoint.init(url:))
    self.region = region
    self.addressingStyle = addressingStyle
  }

  /// The region that requests are signed for while none is known.
  static let defaultRegion = "us-east-1"

  /// For logs and error messages.
  public var description: String { custom?.url ?? "AWS S3\(region.map { " in \($0)" } ?? "")" }

  /// - Parameter region: nil when it is not known.
  package func address(bucket: String?, region: String?) throws(S3Error) -> S3Address {
    guard let bucket else { return S3Address(server: server(region: region), pathPrefix: "") }
    guard Self.isBucketName(bucket) else {
      throw S3Error(
        .invalidArgument,
        message: "\"\(bucket)\" is not a bucket name: 1 to 255 letters, digits, '.', '-' and '_' are taken")
    }
    let server = server(region: region)
    guard useVirtualHost(bucket, isSecure: server.isSecure, host: server.host) else {
      return S3Address(server: server, pathPrefix: "/\(bucket)")
    }
    var hosted = server
    hosted.host = "\(bucket).\(server.host)"
    return S3Address(server: hosted, pathPrefix: "")
  }

  private func server(region: String?) -> CustomEndpoint {
    if let custom { return custom }
    guard let region, region != "aws-global" else {
      return CustomEndpoint(isSecure: true, host: "s3.amazonaws.com", port: nil, basePath: "")
    }
    return CustomEndpoint(isSecure: true, host: "s3.\(region).\(Self.domain(of: region))", port: nil, basePath: "")
  }

  private func useVirtualHost(_ bucket: String, isSecure: Bool, host: String) -> Bool {
    guard Self.isHostLabel(bucket), !CustomEndpoint.isIPAddress(host) else { return false }
    switch addressingStyle {
    case .path: return false
    case .virtual: return true
    // A wildcard certificate covers one label.
    case .auto: return custom == nil && !bucket.contains(".")
    }
  }

  /// What botocore lets pass as a bucket name.
  private static func isBucketName(_ bucket: String) -> Bool {
    (1...255).contains(bucket.utf8.count)
      && bucket.utf8.allSatisfy { $0 < 128 && (isAlphanumeric($0) || ".-_".utf8.contains($0)) }
  }

  /// Whether the name fits into a host name: 3 to 63 of lower-case letters, digits, dots and dashes.
  private static func isHostLabel(_ bucket: String) -> Bool {
    let labels = bucket.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return (3...63).contains(bucket.utf8.count) && !CustomEndpoint.isIPAddress(bucket)
      && labels.allSatisfy { label in
        guard let first = label.first, let last = label.last else { return false }
        return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
          && label.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
      }
  }

  private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isLowerAlphanumeric(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  /// The partitions of botocore's endpoint rules.
  static func domain(of region: String) -> String {
    if region.hasPrefix("cn-") { return "amazonaws.com.cn" }
    if region.hasPrefix("us-iso-") { return "c2s.ic.gov" }
    if region.hasPrefix("us-isob-") { return "sc2s.sgov.gov" }
    return "amazonaws.com"
  }
}

/// A server and the part of the path that names the bucket.
package struct S3Address: Sendable {
  let server: CustomEndpoint
  let pathPrefix: String

  /// The value of the `Host` header.
  var host: String { server.authority }

  /// - Parameter encodedKey: nil for the bucket itself.
  package func path(encodedKey: String?) -> String {
    let prefix = server.basePath + pathPrefix
    guard let encodedKey else { return prefix.isEmpty ? "/" : prefix }
    return "\(prefix)/\(encodedKey)"
  }

  package func url(path: String, query: String) -> String {
    "\(server.isSecure ? "https" : "http")://\(host)\(path)\(query.isEmpty ? "" : "?\(query)")"
  }
}
