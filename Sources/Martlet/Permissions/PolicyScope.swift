import AWSKit

/// What a policy has to know beside the configuration, and the names of resources that follow from it.
package struct PolicyScope: Hashable, Sendable {
  /// Digits; nil: any.
  package var account: String?
  /// Nil: any.
  package var region: String?
  /// Whether the bucket keeps versions.
  package var keepsVersions = false

  package init() {}

  private var partition: AWSPartition { AWSPartition.of(region: region ?? "us-east-1") }

  /// - Parameter region: nil: that of the scope; empty for services that have none.
  func arn(_ service: String, region: String? = nil, _ resource: String) -> String {
    "arn:\(partition.id):\(service):\(region ?? self.region ?? "*"):\(account ?? "*"):\(resource)"
  }

  /// Of S3, where neither region nor account is part of a name; an access point has an ARN of its own.
  func bucket(_ name: String) -> String { name.hasPrefix("arn:") ? name : "arn:\(partition.id):s3:::\(name)" }

  /// Objects whose keys begin so.
  func objects(_ bucket: String, _ prefix: String) -> String {
    let separator = bucket.hasPrefix("arn:") ? "/object/" : "/"
    return self.bucket(bucket) + separator + IAMPolicy.literal(prefix)
  }

  /// The host by which S3 asks KMS.
  var s3Service: String { "s3.\(region ?? "*").\(partition.domain)" }
}

extension Configuration {
  /// The region as far as options, variables and the profile tell; nil where the run would find it out.
  package func policyRegion(environment: [String: String]) throws -> String? {
    // arn:PARTITION:s3:REGION:ACCOUNT:accesspoint/NAME
    if location.hasPrefix("s3://arn:") { return location.split(separator: ":").dropFirst(4).first.map(String.init) }
    let found = try region ?? AWSSettings(environment: environment, profile: profile).region
    return found.flatMap { $0 == "aws-global" ? nil : $0 }
  }
}
