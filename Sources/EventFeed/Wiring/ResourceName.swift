/// The parts of an ARN: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
struct ResourceName: Hashable, Sendable {
  let text: String
  private let fields: [Substring]

  /// Nil: not an ARN.
  init?(_ text: String) {
    fields = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    guard fields.count == 6, fields[0] == "arn" else { return nil }
    self.text = text
  }

  var account: String { String(fields[4]) }

  /// Of a bucket in the same partition.
  func bucket(_ name: String) -> String { "arn:\(fields[1]):s3:::\(name)" }
}
