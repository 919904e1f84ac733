/// A group of regions with one domain. Source: `partitions.json` of botocore 1.43; a region of no known group counts
/// to `aws`.
struct AWSPartition: Sendable, Equatable {
  let id: String
  let domain: String

  static func of(region: String) -> AWSPartition {
    let found = others.first { region.hasPrefix($0.prefix) }
    return AWSPartition(id: found?.id ?? "aws", domain: found?.domain ?? "amazonaws.com")
  }

  private static let others: [(prefix: String, id: String, domain: String)] = [
    ("cn-", "aws-cn", "amazonaws.com.cn"), ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("eusc-", "aws-eusc", "amazonaws.eu"), ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"), ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
  ]
}
