/// The places in S3 that look like buckets and cannot be kept the same as a folder, each with its reason.
enum S3Refusal {
  /// - Parameter location: what stands behind `s3://`.
  static func reason(ofLocation location: String) -> String? {
    guard location.utf8.starts(with: "arn:".utf8) else {
      let bucket = location.utf8.prefix { $0 != UInt8(ascii: "/") }
      return suffixes.first { suffix, _ in bucket.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }?.reason
    }
    // arn:partition:service:region:account:resource
    let fields = location.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 5, omittingEmptySubsequences: false)
    guard fields.count == 6 else { return noAccessPoint }
    if fields[2].elementsEqual("s3-outposts".utf8) { return outposts }
    if fields[2].elementsEqual("s3-object-lambda".utf8) { return objectLambda }
    guard fields[2].elementsEqual("s3".utf8), isAccessPoint(fields[5]) else { return noAccessPoint }
    return fields[3].isEmpty ? multiRegion : nil
  }

  /// Names that AWS reserves. Source: "General purpose bucket naming rules" of the Amazon S3 user guide.
  private static let suffixes: [(suffix: String, reason: String)] = [
    ("--x-s3", directoryBucket), ("--xa-s3", directoryBucket), ("--ol-s3", objectLambda), ("--op-s3", outposts),
    (".mrap", multiRegion),
  ]

  private static let directoryBucket =
    "S3 lists a directory bucket in no order, and differences are found by comparing in order; "
    + "use a general purpose bucket"
  private static let objectLambda =
    "an Object Lambda access point answers with other content than the bucket has, and takes none; "
    + "use the bucket or an access point of its own"
  private static let outposts =
    "S3 on Outposts is not supported, its requests are signed for another service; use a bucket in a region"
  /// Also signed by SigV4A only.
  private static let multiRegion =
    "writes through a multi-region access point meet in several buckets, where the conditions that keep them "
    + "from overwriting each other do not reach; use the bucket or an access point of one region"
  private static let noAccessPoint =
    "of ARNs those of access points are taken, arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME; "
    + "give a bucket by its name: s3://BUCKET/PREFIX"

  /// That it has a name is the parser's matter.
  private static func isAccessPoint(_ resource: Substring.UTF8View) -> Bool {
    let kind = "accesspoint".utf8
    let next = resource.dropFirst(kind.count).first
    return resource.starts(with: kind) && (next == nil || next == UInt8(ascii: "/") || next == UInt8(ascii: ":"))
  }
}
