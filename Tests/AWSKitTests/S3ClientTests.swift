import AWSKit
import Checksums
import Digests
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import Testing

@Suite struct S3ClientTests {
  /// On what the owner of the bucket would pay for; HeadBucket and the like are free of charge.
  @Test func theRequesterPays() async throws {
    try await ClientHarness.run(
      configure: { $0.requestPayer = true }, answer: { _, _ in .reply(200, ["ETag": "e"]) },
      body: { harness in
        let client = harness.client
        _ = try await client.putObject(bucket: "bucket", key: "k", body: .empty)
        _ = try await client.headObject(bucket: "bucket", key: "k")
        try await client.headBucket("bucket")
        _ = try await client.getObject(bucket: "bucket", key: "k")
        let requests = harness.server.requests
        #expect(
          requests.map { $0.headers["x-amz-request-payer"] } == [["requester"], ["requester"], [], ["requester"]])
        for request in requests where request.uri != "/bucket" {
          #expect(request.headers["Authorization"].first?.contains("x-amz-request-payer") == true)
        }
      })
  }

  @Test func requestIsSignedAsItIsSent() async throws {
    try await ClientHarness.run(
      answer: { _, _ in .reply(200, ["ETag": "\"e1\"", "x-amz-version-id": "v1"]) },
      body: {
        harness in
        let result = try await harness.client.putObject(
          bucket: "bucket", key: "a//b/../\u{fc} +%\n", body: .bytes(ByteBuffer(string: "content")),
          headers: S3ObjectHeaders(
            contentType: "text/plain", metadata: ["mtime": "  1.5  x "], additional: [("Cache-Control", "no-store")]),
          condition: .ifMatch("old"))
        #expect(result.etag == "e1")
        #expect(result.versionID == "v1")

        let request = try #require(harness.server.requests.first)
        #expect(request.uri == "/bucket/a//b/../%C3%BC%20%2B%25%0A")
        #expect(request.body == Array("content".utf8))
        #expect(request.headers["If-Match"] == ["\"old\""])
        #expect(request.headers["x-amz-meta-mtime"].first?.contains("1.5") ?? false)
        let crc = Array("content".utf8).withUnsafeBytes { CRC64NVME.checksum($0) }
        #expect(request.headers["x-amz-checksum-crc64nvme"] == [crc.awsBase64])
        let payloadHash = Hex.encode(SHA256Digest.digest(request.body))
        #expect(request.headers["X-Amz-Content-SHA256"] == [payloadHash])
        #expect(request.headers["Host"] == ["127.0.0.1:\(harness.server.port)"])

        // Verified as a server does.
        let header = try #require(SigV4Authorization(header: request.headers["Authorization"].first ?? ""))
        #expect(
          header.signedHeaders.isSuperset(of: ["host", "x-amz-date", "if-match", "cache-control", "x-amz-meta-mtime"]))
        let canonical = SigV4.canonicalRequest(
          method: "PUT", path: request.path, query: request.query,
          headers: request.headers.map { (name: $0.name, value: $0.value) }, signedHeaders: header.signedHeaders,
          payloadHash: payloadHash)
        let text = SigV4.stringToSign(
          canonicalRequest: canonical.text, timestamp: "20240524T000000Z", scope: header.scope)
        let key = SigV4.signingKey(secretAccessKey: "the-secret", scope: header.scope)
        #expect(SigV4.signature(stringToSign: text, signingKey: key) == header.signature)
      })
  }

  @Test func checksumAndQuotingModes() async throws {
    try await ClientHarness.run(
      configure: {
        $0.checksums = .contentMD5
        $0.etagQuoting = .unquoted
      }, answer: { _, _ in .reply(200) },
      body: { harness in
        _ = try await harness.client.putObject(
          bucket: "bucket", key: "k", body: .bytes(ByteBuffer(string: "abc")), condition: .ifMatch("e"))
        _ = try await harness.client.headObject(bucket: "bucket", key: "k")
        let requests = harness.server.requests
        #expect(requests[0].headers["Content-MD5"] == ["kAFQmDzST7DWlj99KOF/cg=="])
        #expect(requests[0].headers["If-Match"] == ["e"])
        #expect(!requests[0].headers.contains { $0.name.lowercased().hasPrefix("x-amz-checksum") })
        #expect(requests[1].headers["x-amz-checksum-mode"].isEmpty)
        var client = harness.client
        client.configuration.asksForChecksums = true
        _ = try await client.headObject(bucket: "bucket", key: "k")
        client.configuration.checksums = .whenSupported
        client.configuration.asksForChecksums = false
        _ = try await client.headObject(bucket: "bucket", key: "k")
        let asked = harness.server.requests.dropFirst(2).map { $0.headers["x-amz-checksum-mode"] }
        #expect(asked == [["ENABLED"], []])
      })
  }

  @Test func headOfAnObject() async throws {
    let headers: HTTPHeaders = [
      "ETag": "\"e1\"", "Content-Length": "7", "Last-Modified": "Fri, 20 Nov 2026 23:21:32 GMT",
      "Date": "Fri, 20 Nov 2026 23:21:33 GMT", "x-amz-meta-MTime": "1.5", "x-amz-meta-b": "2", "Content-Type": "a/b",
      "Cache-Control": "no-store", "x-amz-storage-class": "GLACIER", "x-amz-version-id": "null",
      "x-amz-tagging-count": "2", "x-amz-checksum-crc64nvme": "rosUhgp5mIg=", "x-amz-checksum-type": "FULL_OBJECT",
      "x-amz-website-redirect-location": "/x", "x-amz-object-lock-mode": "GOVERNANCE",
      "x-amz-server-side-encryption": "aws:kms", "x-amz-missing-meta": "1",
    ]
    try await ClientHarness.run(
      answer: { _, _ in .reply(200, headers) },
      body: { harness in
        let head = try await harness.client.headObject(bucket: "bucket", key: "k", versionID: "v/1")
        #expect(head.etag == "e1")
        #expect(head.size == 7)
        #expect(head.lastModified == AWSTimestamp(seconds: 1_795_216_892))
        #expect(head.date == AWSTimestamp(seconds: 1_795_216_893))
        #expect(head.metadata == ["mtime": "1.5", "b": "2"])
        #expect(head.contentType == "a/b")
        #expect(head.cacheControl == "no-store")
        #expect(head.storageClass == "GLACIER")
        #expect(head.versionID == nil)
        #expect(head.taggingCount == 2)
        #expect(head.missingMetadata == 1)
        #expect(head.checksums == S3Checksums(crc64nvme: "rosUhgp5mIg=", type: .fullObject))
        #expect(head.websiteRedirectLocation == "/x")
        #expect(head.objectLockMode == "GOVERNANCE")
        #expect(head.serverSideEncryption == "aws:kms")
        #expect(harness.server.requests.first?.query == "versionId=v%2F1")
      })
  }

  @Test func range() async throws {
    try await ClientHarness.run(
      answer: { request, _ in
        let isRight = request.headers["Range"] == ["bytes=2-4"]
        return isRight
          ? .reply(206, ["Content-Range": "bytes 2-4/10", "ETag": "\"e\""], "cde")
          : .reply(200, ["ETag": "\"e\""], "abcdefghij")
      },
      body: { harness in
        var content = ""
        let head = try await harness.client.getObject(
          bucket: "bucket", key: "k", range: 2..<5, condition: .ifMatch("e")
        ) { content += String(buffer: $0) }
        #expect(content == "cde")
        #expect(head.range == 2..<5)
        #expect(head.size == 10)
        #expect(S3ContentVerifier(head) == nil)
        // A server that ignores the range would mix contents.
        let error = try await ClientHarness.error {
          try await harness.client.getObject(bucket: "bucket", key: "k", range: 3..<5)
        }
        #expect(error.kind == .malformedReply)
        let whole = try await harness.client.getObject(bucket: "bucket", key: "k", range: 0..<10)
        #expect(whole.head.range == nil && whole.head.size == 10)
        let empty = try await ClientHarness.error {
          try await harness.client.getObject(bucket: "bucket", key: "k", range: 3..<3)
        }
        #expect(empty.kind == .invalidArgument)
      })
  }

  @Test func truncatedBody() async throws {
    try await ClientHarness.run(
      answer: { _, _ in .truncated(announced: 10, sent: "abc") },
      body: { harness in
        let object = try await harness.client.getObject(bucket: "bucket", key: "k")
        let error = try await ClientHarness.error { for try await _ in object.body {} }
        #expect([.connectionLost, .truncatedBody].contains(error.kind))
        #expect(error.isRetryable)
      })
  }

  @Test(arguments: [
    (404, errorDocument("NoSuchKey"), S3Error.Kind.noSuchKey), (404, errorDocument("NoSuchBucket"), .noSuchBucket),
    (404, "", .noSuchKey), (412, "", .preconditionFailed), (416, errorDocument("InvalidRange"), .invalidRange),
    (403, errorDocument("InvalidObjectState"), .invalidObjectState),
    (403, errorDocument("AccessDenied"), .accessDenied),
    (403, "<html>a proxy</html>", .accessDenied), (304, "", .notModified), (400, errorDocument("Foo"), .rejected),
    (404, "<ErrorResponse><Error><Code>NoSuchVersion</Code></Error></ErrorResponse>", .noSuchVersion),
    (403, errorDocument("InvalidAccessKeyId"), .invalidCredentials),
  ])
  func errors(status: Int, body: String, kind: S3Error.Kind) async throws {
    try await ClientHarness.run(
      answer: { _, _ in .reply(status, [:], status == 304 ? "" : body) },
      body: { harness in
        let error = try await ClientHarness.error { try await harness.client.getObject(bucket: "bucket", key: "k") }
        #expect(error.kind == kind)
        #expect(error.status == status)
        #expect(!error.outcomeUnknown)
        #expect(error.description.hasPrefix("GetObject s3://bucket/k: "))
      })
  }

  @Test func copyAndItsFalseSuccess() async throws {
    try await ClientHarness.run(
      answer: { _, index in
        index == 0
          ? .reply(
            200, ["x-amz-version-id": "v"],
            "<CopyObjectResult><ETag>&quot;e&quot;</ETag>"
              + "<LastModified>2026-11-20T23:21:32.000Z</LastModified></CopyObjectResult>"
          )
          : .reply(200, [:], errorDocument(index == 1 ? "PreconditionFailed" : "InternalError"))
      },
      body: { harness in
        let source = S3CopySource(bucket: "bucket", key: "a b/\u{fc}", versionID: "1+", ifMatch: "s")
        let copy: @Sendable () async throws -> S3WriteResult = {
          try await harness.client.copyObject(
            from: source, bucket: "bucket", key: "k", metadata: .replace(S3ObjectHeaders(metadata: ["a": "b"])),
            condition: .ifAbsent)
        }
        let result = try await copy()
        #expect(result.etag == "e" && result.versionID == "v")
        #expect(result.lastModified == AWSTimestamp(seconds: 1_795_216_892))
        let failed = try await ClientHarness.error { try await copy() }
        #expect(failed.kind == .preconditionFailed && !failed.outcomeUnknown)
        let unknown = try await ClientHarness.error { try await copy() }
        #expect(unknown.kind == .serverFailure && unknown.outcomeUnknown && unknown.status == 200)

        #expect(harness.server.requests.count == 3)
        let headers = harness.server.requests[0].headers
        #expect(headers["x-amz-copy-source"] == ["bucket/a%20b/%C3%BC?versionId=1%2B"])
        #expect(headers["x-amz-copy-source-if-match"] == ["\"s\""])
        #expect(headers["x-amz-metadata-directive"] == ["REPLACE"])
        #expect(headers["x-amz-meta-a"] == ["b"])
        #expect(headers["If-None-Match"] == ["*"])
      })
  }

  @Test func completeMultipartUpload() async throws {
    let blanks = String(repeating: " \n", count: 100)
    try await ClientHarness.run(
      answer: { _, index in
        switch index {
        case 0:
          .reply(
            200, [:], "\(blanks)<CompleteMultipartUploadResult><ETag>\"e-2\"</ETag></CompleteMultipartUploadResult>")
        case 1: .reply(200, [:], blanks + errorDocument("InternalError"))
        default: .reply(200, [:], "<CompleteMultipartUploadResult><ETag>")
        }
      },
      body: { harness in
        let complete: @Sendable () async throws -> S3WriteResult = {
          try await harness.client.completeMultipartUpload(
            bucket: "bucket", key: "k", uploadID: "u/1+",
            parts: [S3CompletedPart(number: 1, etag: "p1", crc64nvme: "abc="), S3CompletedPart(number: 2, etag: "p2")],
            condition: .ifMatch("old"), crc64nvme: 1, size: 9)
        }
        let result = try await complete()
        #expect(result.etag == "e-2")
        for _ in 0..<2 {
          let error = try await ClientHarness.error { try await complete() }
          #expect(error.outcomeUnknown)
        }
        let request = harness.server.requests[0]
        #expect(harness.server.requests.count == 3)
        #expect(request.uri == "/bucket/k?uploadId=u%2F1%2B")
        #expect(request.headers["x-amz-checksum-crc64nvme"] == ["AAAAAAAAAAE="])
        #expect(request.headers["x-amz-checksum-type"] == ["FULL_OBJECT"])
        #expect(request.headers["x-amz-mp-object-size"] == ["9"])
        let node = try XMLNode(parsing: request.body)
        #expect(node.all("Part").map { $0.text("PartNumber") } == ["1", "2"])
        #expect(node.all("Part").map { $0.text("ETag") } == ["\"p1\"", "\"p2\""])
        #expect(node.all("Part").map { $0.text("ChecksumCRC64NVME") } == ["abc=", nil])
      })
  }

  @Test func deleteObjects() async throws {
    let document = """
      <DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message>\
      </Error><Error><Key>c</Key><Code>PreconditionFailed</Code></Error></DeleteResult>
      """
    try await ClientHarness.run(
      answer: { _, _ in .reply(200, [:], document) },
      body: { harness in
        let keys = ["a\r<&>\"'", "b", "c"]
        let result = try await harness.client.deleteObjects(
          bucket: "bucket", objects: keys.map { S3ObjectToDelete(key: $0, etag: "e") })
        #expect(result.deleted == ["a"])
        #expect(result.failures.map(\.key) == ["b", "c"])
        #expect(result.failures.map(\.error.kind) == [.accessDenied, .preconditionFailed])
        let node = try XMLNode(parsing: harness.server.requests[0].body)
        #expect(node.all("Object").map { $0.text("Key") } == keys)
        #expect(node.all("Object").allSatisfy { $0.text("ETag") == "\"e\"" })
        for objects in [[], [S3ObjectToDelete](repeating: S3ObjectToDelete(key: "k"), count: 1_001)] {
          let error = try await ClientHarness.error {
            try await harness.client.deleteObjects(bucket: "bucket", objects: objects)
          }
          #expect(error.kind == .invalidArgument)
        }
      })
  }

  @Test func uploadsAndParts() async throws {
    try await ClientHarness.run(
      answer: { request, _ in
        request.path == "/bucket"
          ? .reply(
            200, [:],
            "<R><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextKeyMarker>a+b</NextKeyMarker>"
              + "<NextUploadIdMarker>u2</NextUploadIdMarker><Upload><Key>a%2Bb</Key><UploadId>u1</UploadId>"
              + "<Initiated>2026-11-20T23:21:32.000Z</Initiated></Upload></R>")
          : .reply(
            200, [:],
            "<R><IsTruncated>false</IsTruncated><Part><PartNumber>3</PartNumber><ETag>\"e\"</ETag><Size>5</Size>"
              + "<ChecksumCRC64NVME>AAAAAAAAAAE=</ChecksumCRC64NVME></Part></R>")
      },
      body: { harness in
        let uploads = try await harness.client.listMultipartUploads(bucket: "bucket", prefix: "p/")
        #expect(uploads.uploads.map(\.key) == ["a+b"])
        #expect(uploads.uploads.map(\.uploadID) == ["u1"])
        #expect(uploads.uploads.map(\.initiated) == [AWSTimestamp(seconds: 1_795_216_892)])
        #expect(uploads.isTruncated && uploads.nextKeyMarker == "a b" && uploads.nextUploadIDMarker == "u2")
        let parts = try await harness.client.listParts(bucket: "bucket", key: "k", uploadID: "u1")
        #expect(parts.parts.map(\.number) == [3])
        #expect(parts.parts.map(\.etag) == ["e"])
        #expect(parts.parts.map(\.checksums.crc64nvme) == ["AAAAAAAAAAE="])
        #expect(harness.server.requests[0].query == "uploads&prefix=p%2F&encoding-type=url")
      })
  }

  @Test func requestsThatCannotBeRightAreNotSent() async throws {
    try await ClientHarness.run(
      answer: { _, _ in .reply(200) },
      body: { harness in
        let client = harness.client
        for (bucket, key, metadata) in [("bucket", "", "x"), ("bucket", "k", "a\r\nX-Evil: 1"), ("a/b", "k", "x")] {
          let error = try await ClientHarness.error {
            try await client.putObject(
              bucket: bucket, key: key, body: .empty, headers: S3ObjectHeaders(metadata: ["m": metadata]))
          }
          #expect(error.kind == .invalidArgument)
          #expect(!error.outcomeUnknown && !error.isRetryable)
        }
        #expect(harness.server.requests.isEmpty)
      })
  }
}
