/// A bucket and the key prefix below which the remote tree lies, as in `s3://bucket/prefix`.
package struct S3Location: Hashable, Sendable, CustomStringConvertible {
  /// A bucket's name, or the ARN of an access point.
  package let bucket: String
  /// What all keys begin with: empty, ending in `/`, or any text where it was given as such.
  package let prefix: String

  package struct Problem: Error, Hashable, CustomStringConvertible {
    package let description: String
  }

  /// A missing slash is appended to the prefix; more than one at its end are kept, as the AWS CLI does.
  package init(bucket: String, prefix: String) {
    self.bucket = bucket
    self.prefix = prefix.isEmpty || prefix.utf8.last == UInt8(ascii: "/") ? prefix : prefix + "/"
  }

  /// The prefix `a` gives keys such as `abc`.
  package init(bucket: String, textPrefix: String) {
    self.bucket = bucket
    prefix = textPrefix
  }

  /// Takes `s3://BUCKET`, `s3://BUCKET/PREFIX` and `s3://ARN/PREFIX` with the ARN of an access point.
  ///
  /// `prefixIsText`: no slash is appended.
  package init(parsing text: String, prefixIsText: Bool = false) throws(Problem) {
    guard Self.isLocation(text) else {
      throw Problem(description: "“\(text)” is not an S3 location: give it as s3://BUCKET/PREFIX")
    }
    let body = text.utf8.dropFirst(Self.scheme.utf8.count)
    if let reason = S3Refusal.reason(ofLocation: String(body)!) {
      throw Problem(description: "“\(text)” cannot be synced: \(reason)")
    }
    let bucket = body.prefix(Self.bucketLength(body))
    if bucket.isEmpty || Self.isWithoutName(bucket) {
      throw Problem(description: "“\(text)” names no bucket: give it as s3://BUCKET/PREFIX")
    }
    let prefix = String(body.dropFirst(bucket.count + 1))!
    self =
      prefixIsText
      ? S3Location(bucket: String(bucket)!, textPrefix: prefix) : S3Location(bucket: String(bucket)!, prefix: prefix)
  }

  /// Whether the text is meant as a place in S3 and not as a local path; the scheme is lower case only.
  package static func isLocation(_ text: String) -> Bool { text.utf8.starts(with: scheme.utf8) }

  private static let scheme = "s3://"

  /// Bytes up to the slash that ends the bucket. An access point's ARN may hold one itself, before its name.
  private static func bucketLength(_ body: Substring.UTF8View) -> Int {
    let slash = UInt8(ascii: "/")
    let first = body.prefix { $0 != slash }
    guard body.starts(with: "arn:".utf8), String(first)!.hasSuffix(":accesspoint") else { return first.count }
    return first.count + 1 + body.dropFirst(first.count + 1).prefix { $0 != slash }.count
  }

  /// `arn:…:accesspoint` with nothing behind.
  private static func isWithoutName(_ bucket: Substring.UTF8View) -> Bool {
    bucket.starts(with: "arn:".utf8)
      && [":accesspoint", ":accesspoint/"].contains { bucket.suffix($0.utf8.count).elementsEqual($0.utf8) }
  }

  package var description: String { "s3://\(bucket)/\(prefix)" }
}
