import EmbeddedS3

/// Differences from the AWS CLI v1 that are meant, and why.
struct ArguedDifference: Sendable {
  var operations: [S3Operation]
  var kind: RequestDifference.Kind
  var headers: [String]
  var reason: String

  var differences: [RequestDifference] {
    operations.flatMap { operation in
      headers.map { RequestDifference(operation: operation, kind: kind, header: $0) }
    }
  }

  /// In every comparison in which the call is made.
  static let always = [
    ArguedDifference(
      operations: [.putObject, .createMultipartUpload], kind: .added, headers: ["x-amz-meta-mode", "x-amz-meta-mtime"],
      reason: "mode and time of a file travel with it"),
    ArguedDifference(
      operations: [.putObject, .completeMultipartUpload], kind: .added, headers: ["if-none-match"],
      reason: "no write is blind (I2): what is not there yet is only created"),
    ArguedDifference(
      operations: [.completeMultipartUpload], kind: .added, headers: ["content-type", "x-amz-mp-object-size"],
      reason: "the type of the document, and one more check of what was sent"),
    ArguedDifference(
      operations: [.completeMultipartUpload], kind: .other, headers: ["content-length"],
      reason: "the documents name the same parts in another notation"),
    ArguedDifference(
      operations: [.getObject], kind: .added, headers: ["if-match"],
      reason: "the version that was planned is read, and no other; the CLI says so of ranges only"),
  ]

  /// Where what is sent is signed.
  static let documents = [
    ArguedDifference(
      operations: [.completeMultipartUpload], kind: .other, headers: ["x-amz-content-sha256"], reason: "the same")
  ]

  /// With `--checksum-algorithm CRC64NVME`, which v1 cannot compute, or without the option.
  static let checksums = [
    ArguedDifference(
      operations: [.putObject, .uploadPart], kind: .added, headers: ["x-amz-checksum-crc64nvme"],
      reason: "the checksum of S3's own choice, which covers uploads in parts as a whole; v2 takes it as well"),
    ArguedDifference(
      operations: [.putObject, .uploadPart], kind: .missing, headers: ["x-amz-checksum-crc32"], reason: "see above"),
    ArguedDifference(
      operations: [.putObject, .uploadPart], kind: .other, headers: ["x-amz-sdk-checksum-algorithm"],
      reason: "see above"),
    ArguedDifference(
      operations: [.createMultipartUpload], kind: .other, headers: ["x-amz-checksum-algorithm"], reason: "see above"),
    ArguedDifference(
      operations: [.createMultipartUpload], kind: .added, headers: ["x-amz-checksum-type"], reason: "see above"),
    ArguedDifference(
      operations: [.completeMultipartUpload], kind: .added,
      headers: ["x-amz-checksum-crc64nvme", "x-amz-checksum-type"], reason: "see above"),
  ]

  static let ranges = [
    ArguedDifference(
      operations: [.getObject], kind: .other, headers: ["range"],
      reason: "the last range of the CLI is open; ours ends with the object, so that more than was planned is noticed")
  ]

  static let copies = [
    ArguedDifference(
      operations: [.copyObject], kind: .added, headers: ["if-none-match", "x-amz-copy-source-if-match"],
      reason: "no write is blind (I2)")
  ]

  static let copiesWithMetadata = [
    ArguedDifference(
      operations: [.copyObject], kind: .added, headers: ["x-amz-meta-mode", "x-amz-meta-mtime"],
      reason: "mode and time of a file travel with it")
  ]

  static let plainCopies = [
    ArguedDifference(
      operations: [.copyObject], kind: .missing, headers: ["content-type"],
      reason: "v1 sends a guess that S3 ignores without REPLACE; where the name gives another type we do send REPLACE")
  ]
}
