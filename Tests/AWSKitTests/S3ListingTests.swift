import AWSKit
import NIOHTTP1
import Testing

private func page(_ content: String, headers: HTTPHeaders = [:]) async throws -> S3ListPage {
  let document = "<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"u\">\(content)</ListBucketResult>"
  return try await ClientHarness.run(
    answer: { _, _ in .reply(200, headers, document) },
    body: { harness in
      try await harness.client.listObjectsV2(bucket: "bucket")
    })
}

private func object(_ key: String, _ more: String = "") -> String {
  "<Contents><Key>\(key)</Key><LastModified>2026-11-20T23:21:32.123456789Z</LastModified>"
    + "<ETag>&quot;e1&quot;</ETag><Size>7</Size>\(more)</Contents>"
}

@Suite struct S3ListingTests {
  @Test func readsAPage() async throws {
    let page = try await page(
      "<Name>b</Name><Prefix/><KeyCount>2</KeyCount><IsTruncated>true</IsTruncated>"
        + "<NextContinuationToken>a%2Bb+c=</NextContinuationToken><EncodingType>url</EncodingType>"
        + object(
          "a%20b%2Bc/%C3%BC~.txt", "<StorageClass>GLACIER</StorageClass><ChecksumType>FULL_OBJECT</ChecksumType>")
        + "<CommonPrefixes><Prefix>d%2Fe+f/</Prefix></CommonPrefixes>"
        + object("x+y", "<Owner><ID>1</ID><Key>not the key</Key></Owner><RestoreStatus><X/></RestoreStatus>"),
      headers: ["Date": "Fri, 20 Nov 2026 23:21:32 GMT"])
    let time = AWSTimestamp(seconds: 1_795_216_892, nanoseconds: 123_456_789)
    #expect(
      page.objects == [
        S3ListPage.Object(
          key: "a b+c/\u{fc}~.txt", etag: "e1", size: 7, lastModified: time, storageClass: "GLACIER",
          checksumType: .fullObject),
        S3ListPage.Object(key: "x y", etag: "e1", size: 7, lastModified: time),
      ])
    #expect(page.commonPrefixes == ["d/e f/"])
    #expect(page.isTruncated)
    #expect(page.nextContinuationToken == "a%2Bb+c=")
    #expect(page.date == AWSTimestamp(seconds: 1_795_216_892))
  }

  /// Some servers do not know `encoding-type`.
  @Test func keysThatAreNotEncoded() async throws {
    let page = try await page("<IsTruncated>false</IsTruncated>" + object("a%20b+c&amp;d"))
    #expect(page.objects.map(\.key) == ["a%20b+c&d"])
  }

  @Test func undecodableKeysAreReportedAndTheRestGoesOn() async throws {
    let page = try await page(
      "<EncodingType>url</EncodingType>" + object("ok") + object("%ff%fe") + object("bad%zz") + object("z%0A")
        + "<CommonPrefixes><Prefix>%c3/</Prefix></CommonPrefixes>")
    #expect(page.objects.map(\.key) == ["ok", "z\n"])
    #expect(page.undecodableKeys == ["%ff%fe", "bad%zz", "%c3/"])
  }

  @Test func emptyPage() async throws {
    let page = try await page("<IsTruncated>false</IsTruncated>")
    #expect(page.objects.isEmpty && page.commonPrefixes.isEmpty && !page.isTruncated)
  }

  @Test(arguments: [
    "<IsTruncated>true</IsTruncated>", "<Contents><Key>k</Key></Contents>",
    "<Contents><Key>k</Key><Size>x</Size><LastModified>2026-11-20T23:21:32Z</LastModified></Contents>",
    // Found by fuzzing: sums with such sizes ended the program.
    "<Contents><Key>k</Key><Size>-1</Size><LastModified>2026-11-20T23:21:32Z</LastModified></Contents>",
    "<Contents><Key>k</Key><Size>9223372036854775807</Size><LastModified>2026-11-20T23:21:32Z</LastModified></Contents>",
    "<Contents><Key>k</Key><Size>1</Size><LastModified>yesterday</LastModified></Contents>",
  ])
  func malformedPages(content: String) async throws {
    let error = try await ClientHarness.error { try await page(content) }
    #expect(error.kind == .malformedReply)
    #expect(!error.outcomeUnknown)
  }

  @Test func parameters() async throws {
    let requests = try await ClientHarness.run(
      answer: { _, _ in .reply(200, [:], "<ListBucketResult/>") },
      body: { harness in
        _ = try await harness.client.listObjectsV2(
          bucket: "bucket", prefix: "a b/\u{fc}+~", delimiter: "/", startAfter: "a\nb", maximumKeys: 2)
        _ = try await harness.client.listObjectsV2(bucket: "bucket", continuationToken: "1/abc+def==")
        return harness.server.requests
      })
    #expect(requests[0].path == "/bucket")
    #expect(
      requests[0].query
        == "list-type=2&prefix=a%20b%2F%C3%BC%2B~&encoding-type=url&delimiter=%2F&start-after=a%0Ab&max-keys=2")
    #expect(
      requests[1].query == "list-type=2&prefix=&encoding-type=url&continuation-token=1%2Fabc%2Bdef%3D%3D")
  }
}
