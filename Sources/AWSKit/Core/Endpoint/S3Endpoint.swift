/// Where S3 is, and in which form buckets are addressed there. Source of the hosts: botocore 1.43, asked for each case
/// of the tests.
public struct S3Endpoint: Sendable, Equatable {
  public enum AddressingStyle: String, Sendable {
    /// Virtual host for AWS and buckets whose name fits; path for every custom endpoint.
    case auto
    case path
    case virtual
  }

  /// The kinds of AWS's hosts; a custom endpoint is taken as it is.
  public struct Variant: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Hosts that have IPv6 addresses as well.
    public static let dualStack = Variant(rawValue: 1)
    /// Hosts with validated cryptography.
    public static let fips = Variant(rawValue: 2)
    /// Transfer Acceleration, which the bucket has to have switched on.
    public static let accelerate = Variant(rawValue: 4)
    /// Access points are taken in the endpoint's own region only (`use_arn_region = false`).
    public static let ownRegion = Variant(rawValue: 8)
    /// us-east-1 is asked at the host without a region (`us_east_1_regional_endpoint = legacy`), as version 1 of the
    /// AWS CLI does by default.
    public static let globalHost = Variant(rawValue: 16)
  }

  /// Nil: AWS.
  let custom: CustomEndpoint?
  /// Nil: not known yet; AWS then finds it by redirects.
  public let region: String?
  public let addressingStyle: AddressingStyle
  public let variant: Variant

  /// - Parameters:
  ///   - url: `http://host[:port][/base]` or `https://…`; nil for AWS.
  ///   - region: the old names `fips-REGION` and `REGION-fips` stand for a region and its FIPS hosts.
  /// - Throws: ``S3Error`` (`invalidArgument`) when the URL is not one, or the kinds of hosts exclude each other.
  public init(
    url: String? = nil, region: String? = nil, addressingStyle: AddressingStyle = .auto, variant: Variant = []
  ) throws {
    custom = try url.map(CustomEndpoint.init(url:))
    var region = region
    var variant = variant
    if let name = region, name.hasPrefix("fips-") || name.hasSuffix("-fips") {
      region = String(name.hasPrefix("fips-") ? name.dropFirst(5) : name.dropLast(5))
      variant.insert(.fips)
    }
    self.region = region
    self.addressingStyle = addressingStyle
    self.variant = variant
    guard variant.contains(.accelerate) else { return }
    if variant.contains(.fips) {
      throw Self.unusable("S3 Transfer Acceleration (use_accelerate_endpoint) has no FIPS endpoints")
    }
    if custom != nil {
      throw Self.unusable(
        "S3 Transfer Acceleration (use_accelerate_endpoint) has endpoints of its own; give no other endpoint")
    }
  }

  /// The region that requests are signed for while none is known.
  static let defaultRegion = "us-east-1"

  /// For logs and error messages.
  public var description: String { custom?.url ?? "AWS S3\(region.map { " in \($0)" } ?? "")" }

  /// - Parameters:
  ///   - bucket: its name, or the ARN of an access point.
  ///   - region: nil when it is not known.
  ///   - canAccelerate: false for the calls that Transfer Acceleration does not take.
  package func address(bucket: String?, region: String?, canAccelerate: Bool = true) throws(S3Error) -> S3Address {
    let region = region == "aws-global" ? nil : region
    let signingRegion = region ?? Self.defaultRegion
    guard let bucket else {
      return S3Address(server: try server(region: region), pathPrefix: "", signingRegion: signingRegion)
    }
    if AccessPointARN.isARN(bucket) { return try address(of: AccessPointARN(bucket), region: region) }
    guard Self.isBucketName(bucket) else {
      throw Self.unusable(
        "\"\(bucket)\" is not a bucket name: 1 to 255 letters, digits, '.', '-' and '_' are taken")
    }
    var server = try server(region: region)
    if canAccelerate, variant.contains(.accelerate) {
      server.host = try acceleratedHost(bucket, region: signingRegion)
      return S3Address(server: server, pathPrefix: "", signingRegion: signingRegion)
    }
    guard useVirtualHost(bucket, host: server.host) else {
      return S3Address(server: server, pathPrefix: "/\(bucket)", signingRegion: signingRegion)
    }
    server.host = "\(bucket).\(server.host)"
    return S3Address(server: server, pathPrefix: "", signingRegion: signingRegion)
  }

  private func server(region: String?) throws(S3Error) -> CustomEndpoint {
    if let custom { return custom }
    let hasGlobalHost = variant.isDisjoint(with: [.dualStack, .fips])
    let isGlobal = region == nil || region == Self.defaultRegion && variant.contains(.globalHost)
    guard let region = hasGlobalHost && isGlobal ? nil : region ?? Self.defaultRegion else {
      return CustomEndpoint(isSecure: true, host: "s3.amazonaws.com", port: nil, basePath: "")
    }
    return CustomEndpoint(isSecure: true, host: try host("s3", region: region), port: nil, basePath: "")
  }

  /// - Parameter service: the label that FIPS and dual-stack are added to.
  private func host(_ service: String, region: String) throws(S3Error) -> String {
    let partition = AWSPartition.of(region: region)
    if variant.contains(.fips), partition.id == "aws-cn" {
      throw Self.unusable("there are no FIPS endpoints in the region \(region) (use_fips_endpoint)")
    }
    let kind = (variant.contains(.fips) ? "-fips" : "") + (variant.contains(.dualStack) ? ".dualstack" : "")
    return "\(service)\(kind).\(region).\(partition.domain)"
  }

  private func acceleratedHost(_ bucket: String, region: String) throws(S3Error) -> String {
    let partition = AWSPartition.of(region: region)
    guard partition.id != "aws-cn" else {
      throw Self.unusable("there is no S3 Transfer Acceleration in the region \(region) (use_accelerate_endpoint)")
    }
    guard Self.isHostLabel(bucket), !bucket.contains(".") else {
      throw Self.unusable(
        "S3 Transfer Acceleration (use_accelerate_endpoint) is for buckets whose name fits into a host name and has "
          + "no dots; \"\(bucket)\" does not")
    }
    return "\(bucket).s3-accelerate\(variant.contains(.dualStack) ? ".dualstack" : "").\(partition.domain)"
  }

  /// An access point's requests go to the region in its ARN, signed for it.
  private func address(of arn: AccessPointARN, region: String?) throws(S3Error) -> S3Address {
    if variant.contains(.accelerate) {
      throw Self.unusable("access points have no S3 Transfer Acceleration (use_accelerate_endpoint)")
    }
    if variant.contains(.ownRegion), arn.region != region {
      throw Self.unusable(
        "the access point \(arn.name) is in \(arn.region), the region in use is \(region ?? "not set"), "
          + "and use_arn_region = false forbids to go there")
    }
    if let region, AWSPartition.of(region: region).id != arn.partition {
      throw Self.unusable("the access point \(arn.name) is in \(arn.region), which \(region) cannot reach")
    }
    let host = try host("s3-accesspoint", region: arn.region)
    var server = custom ?? CustomEndpoint(isSecure: true, host: host, port: nil, basePath: "")
    if CustomEndpoint.isIPAddress(server.host) {
      throw Self.unusable("the access point \(arn.name) needs an endpoint with a host name, not \(server.host)")
    }
    server.host = "\(arn.hostPrefix).\(server.host)"
    return S3Address(server: server, pathPrefix: "", signingRegion: arn.region)
  }

  private static func unusable(_ reason: String) -> S3Error { S3Error(.invalidArgument, message: reason) }

  private func useVirtualHost(_ bucket: String, host: String) -> Bool {
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
}

/// A server and the part of the path that names the bucket.
package struct S3Address: Sendable {
  let server: CustomEndpoint
  let pathPrefix: String
  /// Of the signature's scope.
  let signingRegion: String

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
