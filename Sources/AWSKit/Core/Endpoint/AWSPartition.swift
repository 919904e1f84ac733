/// A group of regions with one domain. Source: `partitions.json` of botocore 1.43; a region of no known group counts
/// to `aws`.
package struct AWSPartition: Sendable, Equatable {
  package let id: String
  package let domain: String

  package static func of(region: String) -> AWSPartition {
    let found = others.first { region.hasPrefix($0.prefix) }
    return AWSPartition(id: found?.id ?? "aws", domain: found?.domain ?? "amazonaws.com")
  }

  /// That of one of AWS's hosts.
  static func of(host: String) -> AWSPartition? {
    let all =
      [AWSPartition(id: "aws", domain: "amazonaws.com")] + others.map { AWSPartition(id: $0.id, domain: $0.domain) }
    // Of regions that share a domain the host tells which.
    guard let partition = all.first(where: { host.hasSuffix(".\($0.domain)") }) else { return nil }
    let isGovernment = host.split(separator: ".").contains { $0.contains("us-gov-") }
    return isGovernment ? all.first { $0.id == "aws-us-gov" } : partition
  }

  private static let others: [(prefix: String, id: String, domain: String)] = [
    ("cn-", "aws-cn", "amazonaws.com.cn"), ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("eusc-", "aws-eusc", "amazonaws.eu"), ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"), ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
  ]
}
