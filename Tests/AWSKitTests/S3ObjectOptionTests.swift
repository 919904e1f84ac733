import NIOCore
import NIOHTTP1
import Testing

@testable import AWSKit

/// Which calls carry a customer's key, the note of who pays, and a checksum of another kind.
@Suite struct S3ObjectOptionTests {
  private static let key = S3CustomerKey(Array("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk".utf8))
  /// As the AWS CLI sends it for this key.
  private static let encoded = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
  private static let md5 = "mT2HRsMGJ5IX5C+0rreZ8Q=="

  @Test func keysHave32Bytes() {
    #expect(S3CustomerKey([]) == nil)
    #expect(S3CustomerKey([UInt8](repeating: 1, count: 33)) == nil)
  }

  @Test func keysAreHidden() throws {
    let key = try #require(Self.key)
    var dumped = ""
    dump(key, to: &dumped)
    var configuration = S3Client.Configuration(endpoint: try S3Endpoint())
    configuration.customerKey = key
    for text in ["\(key)", String(reflecting: key), dumped, "\(configuration)"] {
      #expect(!text.contains("107, 107") && !text.contains("kkk"), "\(text)")
    }
  }

  private static func answer(_ request: TestServer.Request) -> TestServer.Answer {
    if request.query.contains("uploads") {
      return .reply(200, [:], "<R><UploadId>u</UploadId></R>")
    }
    return .reply(200, ["ETag": "\"e\"", "Content-Type": "application/xml"], request.method == .HEAD ? "" : "<R/>")
  }

  @Test func everyCallAboutContentCarriesTheKey() async throws {
    try await ClientHarness.run(
      configure: {
        $0.customerKey = Self.key
        $0.requestPayer = true
        $0.checksumAlgorithm = .sha256
      },
      answer: { request, _ in
        Self.answer(request)
      },
      body: { harness in
        let client = harness.client
        let body = S3Body.bytes(ByteBuffer(string: "hi"))
        _ = try await client.putObject(bucket: "b", key: "k", body: body)
        _ = try await client.headObject(bucket: "b", key: "k")
        try await client.getObject(bucket: "b", key: "k") { _ in }
        _ = try await client.createMultipartUpload(bucket: "b", key: "k")
        _ = try await client.uploadPart(bucket: "b", key: "k", uploadID: "u", partNumber: 1, body: body)
        _ = try await client.completeMultipartUpload(
          bucket: "b", key: "k", uploadID: "u",
          parts: [S3CompletedPart(number: 1, etag: "p", checksum: S3Checksum(.sha256, value: "abc="))])
        let source = S3CopySource(bucket: "b", key: "s")
        _ = try await client.copyObject(from: source, bucket: "b", key: "k")
        _ = try await client.uploadPartCopy(from: source, bucket: "b", key: "k", uploadID: "u", partNumber: 1)
        let requests = harness.server.requests
        #expect(requests.count == 8)
        for request in requests {
          let name = "x-amz-server-side-encryption-customer"
          #expect(request.headers.first(name: "\(name)-algorithm") == "AES256", "\(request.method) \(request.uri)")
          #expect(request.headers.first(name: "\(name)-key") == Self.encoded)
          #expect(request.headers.first(name: "\(name)-key-MD5") == Self.md5)
          let ofSource = request.headers.first(name: "x-amz-copy-source-server-side-encryption-customer-key")
          #expect(ofSource == (request.headers.contains(name: "x-amz-copy-source") ? Self.encoded : nil))
          #expect(request.headers.first(name: "x-amz-request-payer") == "requester")
        }
        #expect(
          requests[0].headers.first(name: "x-amz-checksum-sha256") == "j0NDRmSPa5bfid2pAcUXaxCm2Dlh3TwayItZstwyeqQ=")
        #expect(requests[3].headers.first(name: "x-amz-checksum-algorithm") == "SHA256")
        #expect(!requests[3].headers.contains(name: "x-amz-checksum-type"))
        #expect(String(decoding: requests[5].body, as: UTF8.self).contains("<ChecksumSHA256>abc=</ChecksumSHA256>"))
        #expect(requests[6].headers.first(name: "x-amz-checksum-algorithm") == "SHA256")
      })
  }

  @Test func theOthersDoNot() async throws {
    try await ClientHarness.run(
      configure: {
        $0.customerKey = Self.key
        $0.requestPayer = true
      },
      answer: { request, _ in
        .reply(200, [:], request.query.contains("list-type") ? "<ListBucketResult/>" : "<R/>")
      },
      body: { harness in
        try await harness.client.deleteObject(bucket: "b", key: "k")
        _ = try await harness.client.listObjectsV2(bucket: "b")
        _ = try await harness.client.getObjectTagging(bucket: "b", key: "k")
        #expect(harness.server.requests.count == 3)
        for request in harness.server.requests {
          #expect(!request.headers.contains(name: "x-amz-server-side-encryption-customer-key"), "\(request.uri)")
          #expect(request.headers.first(name: "x-amz-request-payer") == "requester", "\(request.uri)")
        }
      })
  }

  @Test(
    arguments: [
      (["owner": "FULL_CONTROL"], [:]),
      (
        ["owner": "FULL_CONTROL", "http://g/AllUsers": "READ"],
        ["x-amz-grant-full-control": "id=\"owner\"", "x-amz-grant-read": "uri=\"http://g/AllUsers\""]
      ), (["a\"b": "READ"], nil), (["": "READ"], nil), (["a": "WRITE"], nil),
    ] as [([String: String], [String: String]?)])
  func grantsBecomeHeaders(grants: [String: String], headers: [String: String]?) {
    let access = S3AccessControl(
      ownerID: "owner", grants: grants.map { S3AccessControl.Grant(grantee: $0.key, permission: $0.value) })
    if headers?.isEmpty == true {
      #expect(access.isDefault)
      return
    }
    #expect(!access.isDefault)
    #expect(access.grantHeaders.map { Dictionary(uniqueKeysWithValues: $0.map { ($0.name, $0.value) }) } == headers)
  }

  /// A HEAD reply has no body that would say why.
  @Test(arguments: [true, false]) func aRefusedHeadTellsOfTheKey(hasKey: Bool) async throws {
    try await ClientHarness.run(
      configure: {
        if hasKey { $0.customerKey = Self.key }
      },
      answer: { _, _ in
        .reply(400)
      },
      body: { harness in
        let error = try await ClientHarness.error { try await harness.client.headObject(bucket: "b", key: "k") }
        #expect(
          error.message.contains(hasKey ? "not encrypted with the customer's key" : "encrypted with a customer's"))
      })
  }

  @Test(
    arguments: [
      (nil, true), ("https://s3.example.org", true), ("http://s3.example.org", false), ("http://127.0.0.1:9000", true),
      ("http://127.0.0.1.example.org", false), ("http://localhost", true), ("http://b.localhost:1", true),
      ("http://[::1]:9000", true), ("http://10.0.0.1", false), ("http://localhost.example.org", false),
    ] as [(String?, Bool)])
  func keysStayConfidential(url: String?, isConfidential: Bool) throws {
    #expect(try S3Endpoint(url: url).isConfidential == isConfidential)
  }
}
