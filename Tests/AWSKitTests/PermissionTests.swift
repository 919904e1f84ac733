import NIOCore
import NIOHTTP1
import Testing

@testable import AWSKit

/// What a refused request is said to lack.
@Suite struct PermissionTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var says: String
    var call: @Sendable (S3Client) async throws -> Void
    var testDescription: String { says }
  }

  private static let empty = S3Body.bytes(ByteBuffer())
  static let rows: [Row] = [
    Row(says: "s3:GetObject on O or s3:ListBucket on B") { _ = try await $0.headObject(bucket: "bucket", key: "a b") },
    Row(says: "s3:GetObjectVersion on O or s3:ListBucket on B") {
      _ = try await $0.getObject(bucket: "bucket", key: "a b", versionID: "v")
    },
    Row(says: "s3:PutObject on O") { _ = try await $0.putObject(bucket: "bucket", key: "a b", body: empty) },
    Row(says: "s3:PutObject or s3:GetObject or s3:PutObjectAcl on O") {
      _ = try await $0.putObject(
        bucket: "bucket", key: "a b", body: empty, headers: S3ObjectHeaders(additional: [("x-amz-acl", "private")]),
        condition: .ifMatch("e"))
    },
    Row(says: "s3:PutObject or s3:PutObjectTagging or s3:PutObjectRetention or s3:PutObjectLegalHold on O") {
      _ = try await $0.createMultipartUpload(
        bucket: "bucket", key: "a b",
        headers: S3ObjectHeaders(additional: [
          ("x-amz-tagging", "a=b"), ("x-amz-object-lock-mode", "COMPLIANCE"), ("x-amz-object-lock-legal-hold", "ON"),
        ]))
    },
    Row(says: "s3:PutObject on O or s3:GetObject on s3://other/y") {
      _ = try await $0.copyObject(from: S3CopySource(bucket: "other", key: "y"), bucket: "bucket", key: "a b")
    },
    Row(says: "s3:PutObject on O or s3:GetObjectVersion on s3://other/y") {
      _ = try await $0.uploadPartCopy(
        from: S3CopySource(bucket: "other", key: "y", versionID: "v"), bucket: "bucket", key: "a b", uploadID: "u",
        partNumber: 1)
    },
    Row(says: "s3:DeleteObject or s3:GetObject on O") {
      try await $0.deleteObject(bucket: "bucket", key: "a b", ifMatch: "e")
    },
    Row(says: "s3:DeleteObject on B/*") {
      _ = try await $0.deleteObjects(bucket: "bucket", objects: [.init(key: "x")])
    },
    Row(says: "s3:AbortMultipartUpload on O") {
      try await $0.abortMultipartUpload(bucket: "bucket", key: "a b", uploadID: "u")
    },
    Row(says: "s3:ListMultipartUploadParts on O") {
      _ = try await $0.listParts(bucket: "bucket", key: "a b", uploadID: "u")
    },
    Row(says: "s3:ListBucketMultipartUploads on B") { _ = try await $0.listMultipartUploads(bucket: "bucket") },
    Row(says: "s3:ListBucket on B") { _ = try await $0.listObjectsV2(bucket: "bucket") },
    Row(says: "s3:GetObjectTagging on O") { _ = try await $0.getObjectTagging(bucket: "bucket", key: "a b") },
    Row(says: "s3:GetObjectAcl on O") { _ = try await $0.getObjectAcl(bucket: "bucket", key: "a b") },
    Row(says: "s3:PutObjectTagging on O") { try await $0.putObjectTagging(bucket: "bucket", key: "a b", tags: []) },
    Row(says: "s3:GetBucketNotification on B") { _ = try await $0.getBucketNotifications("bucket") },
    Row(says: "s3:PutBucketNotification on B") { try await $0.putBucketNotifications([], of: "bucket") },
    Row(says: "s3:GetBucketLocation on B") { _ = try await $0.getBucketLocation("bucket") },
  ]

  /// Also where the reply has no body, as that to a HEAD.
  @Test(arguments: rows) func everyCallNamesWhatItNeeds(_ row: Row) async throws {
    for body in [errorDocument("AccessDenied"), ""] {
      try await ClientHarness.run(
        answer: { _, _ in .reply(403, [:], body) },
        body: { harness in
          let error = try await ClientHarness.error { try await row.call(harness.client) }
          #expect(error.kind == .accessDenied)
          let text = error.permissions.alternatives.replacing("s3://bucket/a b", with: "O")
          #expect(text.replacing("s3://bucket", with: "B") == row.says)
          #expect(error.description.contains(" is denied: "))
        })
    }
  }

  /// AWS mostly names it, and keys of KMS nothing else tells.
  @Test(
    arguments: [
      (
        "User: arn:aws:iam::1:user/u is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::b/a b\" "
          + "because no identity-based policy allows the s3:PutObject action",
        "s3:PutObject on arn:aws:s3:::b/a b"
      ),
      (
        "User: u is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:eu-west-1:1:key/k because",
        "kms:GenerateDataKey on arn:aws:kms:eu-west-1:1:key/k"
      ),
      (
        "User: u is not authorized to perform: s3:putobject on resource: arn:aws:s3:::b/k",
        "s3:PutObject on arn:aws:s3:::b/k"
      ),
      ("User: u is not authorized to perform: s3:GetObject", "s3:GetObject on r"),
      ("not authorized to perform: s3:GetObject on resource: \u{1b}[2J", "s3:GetObject on r"),
      ("not authorized to perform: ", "s3:PutObject or s3:GetObject on r"),
      ("Access Denied", "s3:PutObject or s3:GetObject on r"), ("", "s3:PutObject or s3:GetObject on r"),
    ])
  func whatAWSSaysComesFirst(_ message: String, _ expected: String) {
    let needed = ["s3:PutObject", "s3:GetObject"].map { AWSPermission($0, on: "r") }
    #expect(AWSPermission.missing(message, among: needed).alternatives == expected)
  }

  @Test(
    arguments: [
      (nil, nil, "aws"), (nil, "eu-west-1", "aws"), (nil, "cn-north-1", "aws-cn"),
      (nil, "us-gov-west-1", "aws-us-gov"), ("http://127.0.0.1:9000", "us-east-1", nil),
      ("https://minio.example", "cn-north-1", nil), ("https://s3.eu-west-1.amazonaws.com", nil, "aws"),
      ("https://b.vpce-1.s3.us-east-1.vpce.amazonaws.com", "us-east-1", "aws"),
      ("https://s3.cn-north-1.amazonaws.com.cn", nil, "aws-cn"),
      ("https://s3.us-gov-west-1.amazonaws.com", nil, "aws-us-gov"), ("https://notamazonaws.com", nil, nil),
    ] as [(String?, String?, String?)])
  func thePartitionIsThatOfTheHost(_ url: String?, _ region: String?, _ partition: String?) throws {
    let endpoint = try S3Endpoint(url: url, region: region)
    #expect(endpoint.partition(region: region) == partition)
  }

  @Test func resourcesAreNamedAsInPolicies() {
    let point = "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/ap"
    #expect(S3Call.resource(of: "b", key: nil, "aws-cn") == "arn:aws-cn:s3:::b")
    #expect(S3Call.resource(of: "b", key: "k", "aws-us-gov") == "arn:aws-us-gov:s3:::b/k")
    #expect(S3Call.resource(of: point, key: nil, "aws-cn") == point)
    #expect(S3Call.resource(of: point, key: "k", "aws-cn") == "\(point)/object/k")
    #expect(S3Call.resource(of: "b", key: "k\nx", nil) == "s3://b/k\\nx")
  }

  /// One key of many.
  @Test func aRefusedDeletionAmongOthersNamesItsKey() async throws {
    let body = "<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>"
    try await ClientHarness.run(
      answer: { _, _ in .reply(200, [:], body) },
      body: { harness in
        let result = try await harness.client.deleteObjects(bucket: "bucket", objects: [.init(key: "b")])
        #expect(result.failures.map(\.error.permissions.alternatives) == ["s3:DeleteObject on s3://bucket/b"])
      })
  }

  /// It is found out without a permission for the bucket.
  @Test func aRefusalTellsTheRegionToo() async throws {
    try await ClientHarness.run(
      answer: { _, _ in .reply(403, ["x-amz-bucket-region": "eu-north-1"], "") },
      body: { harness in
        let region = try await harness.client.findRegion(of: "bucket")
        #expect(region == "eu-north-1")
      })
  }
}
