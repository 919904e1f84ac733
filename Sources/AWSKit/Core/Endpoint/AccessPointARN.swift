/// The ARN of an access point, given in place of a bucket:
/// `arn:PARTITION:s3:REGION:ACCOUNT:accesspoint/NAME`, or `:` before the name.
struct AccessPointARN: Sendable, Equatable {
  let partition: String
  let region: String
  let account: String
  let name: String

  static func isARN(_ bucket: String) -> Bool { bucket.hasPrefix("arn:") }

  /// - Throws: ``S3Error`` (`invalidArgument`) for other ARNs: those of multi-region access points need another
  ///   signature, those of Object Lambda and of Outposts another service.
  init(_ text: String) throws(S3Error) {
    let fields = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    let kind = "accesspoint"
    guard fields.count == 6, fields[2] == "s3", AWSPartition.of(region: String(fields[3])).id == fields[1],
      fields[3].utf8.contains(UInt8(ascii: "-")), Self.isLabel(fields[3]),
      fields[4].utf8.count == 12, fields[4].utf8.allSatisfy({ (48...57).contains($0) }),
      fields[5].hasPrefix(kind + "/") || fields[5].hasPrefix(kind + ":"),
      Self.isLabel(fields[5].dropFirst(kind.count + 1))
    else {
      throw S3Error(
        .invalidArgument,
        message: "\"\(S3Call.printable(text))\" is not the ARN of an access point in a region: "
          + "arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME is taken")
    }
    partition = String(fields[1])
    region = String(fields[3])
    account = String(fields[4])
    name = String(fields[5].dropFirst(kind.count + 1))
  }

  /// What stands before the endpoint's name.
  var hostPrefix: String { "\(name)-\(account)" }

  /// The host label leaves room for the account.
  private static func isLabel(_ text: Substring) -> Bool {
    (1...50).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasSuffix("-")
      && text.utf8.allSatisfy { byte in
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "-")
      }
  }
}
