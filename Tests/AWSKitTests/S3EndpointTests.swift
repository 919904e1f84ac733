import Testing

@testable import AWSKit

@Suite struct S3EndpointTests {
  /// The table of how the AWS CLI addresses buckets.
  @Test(
    arguments: [
      (nil, "eu-west-1", .auto, "mybkt", "https://mybkt.s3.eu-west-1.amazonaws.com/k"),
      (nil, "us-east-1", .auto, "mybkt", "https://mybkt.s3.us-east-1.amazonaws.com/k"),
      (nil, nil, .auto, "mybkt", "https://mybkt.s3.amazonaws.com/k"),
      (nil, "aws-global", .auto, "mybkt", "https://mybkt.s3.amazonaws.com/k"),
      (nil, "cn-north-1", .auto, "mybkt", "https://mybkt.s3.cn-north-1.amazonaws.com.cn/k"),
      (nil, "us-iso-east-1", .auto, "mybkt", "https://mybkt.s3.us-iso-east-1.c2s.ic.gov/k"),
      (nil, "eu-west-1", .path, "mybkt", "https://s3.eu-west-1.amazonaws.com/mybkt/k"),
      (nil, "eu-west-1", .auto, "my.bkt", "https://s3.eu-west-1.amazonaws.com/my.bkt/k"),
      (nil, "eu-west-1", .auto, "MyBkt", "https://s3.eu-west-1.amazonaws.com/MyBkt/k"),
      (nil, "eu-west-1", .auto, "my_bkt", "https://s3.eu-west-1.amazonaws.com/my_bkt/k"),
      (nil, "eu-west-1", .virtual, "my.bkt", "https://my.bkt.s3.eu-west-1.amazonaws.com/k"),
      ("https://s3.eu-west-1.amazonaws.com", "eu-west-1", .auto, "mybkt", "https://s3.eu-west-1.amazonaws.com/mybkt/k"),
      ("http://localhost:5557", "eu-west-1", .auto, "mybkt", "http://localhost:5557/mybkt/k"),
      ("https://localhost:5557/", "eu-west-1", .virtual, "mybkt", "https://mybkt.localhost:5557/k"),
      ("http://127.0.0.1:80", nil, .virtual, "mybkt", "http://127.0.0.1/mybkt/k"),
      ("https://[::1]:443/base/", nil, .virtual, "mybkt", "https://[::1]/base/mybkt/k"),
      ("HTTP://Store.Example:8080/a/b", nil, .auto, "mybkt", "http://store.example:8080/a/b/mybkt/k"),
    ] as [(String?, String?, S3Endpoint.AddressingStyle, String, String)])
  func addresses(
    url: String?, region: String?, style: S3Endpoint.AddressingStyle, bucket: String, expected: String
  ) throws {
    let endpoint = try S3Endpoint(url: url, region: region, addressingStyle: style)
    let address = try endpoint.address(bucket: bucket, region: region)
    #expect(address.url(path: address.path(encodedKey: "k"), query: "") == expected)
  }

  struct Host: Sendable, CustomTestStringConvertible {
    var bucket: String
    var region: String?
    var url: String?
    var variant: S3Endpoint.Variant
    /// The address and the region of the signature; nil: refused.
    var expected: String?
    var testDescription: String { "\(bucket) \(region ?? "nil") \(variant.rawValue)" }

    init(
      _ bucket: String, _ region: String?, _ variant: S3Endpoint.Variant, url: String? = nil, _ expected: String?
    ) {
      self.bucket = bucket
      self.region = region
      self.variant = variant
      self.url = url
      self.expected = expected
    }

    init(_ bucket: String, _ region: String?, url: String? = nil, _ expected: String?) {
      self.init(bucket, region, [], url: url, expected)
    }
  }

  static let accessPoint = "arn:aws:s3:us-west-2:123456789012:accesspoint/my-ap"
  static let chinese = "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/my-ap"

  /// What botocore 1.43.11 answered to the same question, each.
  static let hosts = [
    Host("mybkt", "eu-west-1", [.dualStack], "mybkt.s3.dualstack.eu-west-1.amazonaws.com eu-west-1"),
    Host("mybkt", "eu-west-1", [.fips], "mybkt.s3-fips.eu-west-1.amazonaws.com eu-west-1"),
    Host("mybkt", "eu-west-1", [.dualStack, .fips], "mybkt.s3-fips.dualstack.eu-west-1.amazonaws.com eu-west-1"),
    Host("my.bkt", "eu-west-1", [.dualStack, .fips], "s3-fips.dualstack.eu-west-1.amazonaws.com/my.bkt eu-west-1"),
    Host("mybkt", "eu-west-1", [.accelerate], "mybkt.s3-accelerate.amazonaws.com eu-west-1"),
    Host("mybkt", "eu-west-1", [.accelerate, .dualStack], "mybkt.s3-accelerate.dualstack.amazonaws.com eu-west-1"),
    Host("my.bkt", "eu-west-1", [.accelerate], nil),
    Host("MyBkt", "eu-west-1", [.accelerate], nil),
    Host("mybkt", "eu-west-1", [.accelerate, .fips], nil),
    Host("mybkt", "cn-north-1", [.accelerate], nil),
    Host("mybkt", "us-gov-west-1", [.accelerate], "mybkt.s3-accelerate.amazonaws.com us-gov-west-1"),
    Host("mybkt", nil, [.accelerate], "mybkt.s3-accelerate.amazonaws.com us-east-1"),
    Host("mybkt", "eu-west-1", [.dualStack, .fips], url: "https://h.example", "h.example/mybkt eu-west-1"),
    Host("mybkt", "eu-west-1", [.accelerate], url: "https://h.example", nil),
    Host("mybkt", nil, [.dualStack], "mybkt.s3.dualstack.us-east-1.amazonaws.com us-east-1"),
    Host("mybkt", "aws-global", [.fips], "mybkt.s3-fips.us-east-1.amazonaws.com us-east-1"),
    Host("mybkt", "cn-north-1", [.dualStack], "mybkt.s3.dualstack.cn-north-1.amazonaws.com.cn cn-north-1"),
    Host("mybkt", "cn-north-1", [.fips], nil),
    Host(
      "mybkt", "us-gov-west-1", [.dualStack, .fips],
      "mybkt.s3-fips.dualstack.us-gov-west-1.amazonaws.com us-gov-west-1"),
    Host("mybkt", "us-isob-east-1", "mybkt.s3.us-isob-east-1.sc2s.sgov.gov us-isob-east-1"),
    Host("mybkt", "eu-isoe-west-1", [.fips], "mybkt.s3-fips.eu-isoe-west-1.cloud.adc-e.uk eu-isoe-west-1"),
    Host("mybkt", "us-isof-south-1", "mybkt.s3.us-isof-south-1.csp.hci.ic.gov us-isof-south-1"),
    Host("mybkt", "eusc-de-east-1", [.dualStack], "mybkt.s3.dualstack.eusc-de-east-1.amazonaws.eu eusc-de-east-1"),
    Host("mybkt", "xx-new-1", "mybkt.s3.xx-new-1.amazonaws.com xx-new-1"),
    Host("mybkt", "fips-us-gov-west-1", "mybkt.s3-fips.us-gov-west-1.amazonaws.com us-gov-west-1"),
    Host("mybkt", "us-east-1-fips", [.dualStack], "mybkt.s3-fips.dualstack.us-east-1.amazonaws.com us-east-1"),
    Host("mybkt", "us-east-1", [.globalHost], "mybkt.s3.amazonaws.com us-east-1"),
    Host("my.bkt", "us-east-1", [.globalHost], "s3.amazonaws.com/my.bkt us-east-1"),
    Host("mybkt", "eu-west-1", [.globalHost], "mybkt.s3.eu-west-1.amazonaws.com eu-west-1"),
    Host("mybkt", "us-east-1", [.globalHost, .dualStack], "mybkt.s3.dualstack.us-east-1.amazonaws.com us-east-1"),
    Host("mybkt", "us-east-1", [.globalHost, .fips], "mybkt.s3-fips.us-east-1.amazonaws.com us-east-1"),
    Host("mybkt", "us-east-1", [.globalHost, .accelerate], "mybkt.s3-accelerate.amazonaws.com us-east-1"),
    Host("my-ap-abcdefghij1234567890-s3alias", nil, "my-ap-abcdefghij1234567890-s3alias.s3.amazonaws.com us-east-1"),

    Host(accessPoint, "us-west-2", "my-ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com us-west-2"),
    Host(accessPoint, "eu-west-1", "my-ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com us-west-2"),
    Host(accessPoint, nil, "my-ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com us-west-2"),
    Host(accessPoint, "aws-global", "my-ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com us-west-2"),
    Host(
      "arn:aws:s3:us-west-2:123456789012:accesspoint:my-ap", "us-west-2",
      "my-ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com us-west-2"),
    Host(
      accessPoint, "us-west-2", [.dualStack],
      "my-ap-123456789012.s3-accesspoint.dualstack.us-west-2.amazonaws.com us-west-2"),
    Host(
      accessPoint, "us-west-2", [.fips], "my-ap-123456789012.s3-accesspoint-fips.us-west-2.amazonaws.com us-west-2"),
    Host(
      accessPoint, "us-west-2", [.dualStack, .fips],
      "my-ap-123456789012.s3-accesspoint-fips.dualstack.us-west-2.amazonaws.com us-west-2"),
    Host(accessPoint, "us-west-2", [.accelerate], nil),
    Host(accessPoint, "us-west-2", [.ownRegion], "my-ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com us-west-2"),
    Host(accessPoint, "eu-west-1", [.ownRegion], nil),
    Host(accessPoint, nil, [.ownRegion], nil),
    Host(accessPoint, "cn-north-1", nil),
    Host(accessPoint, "us-west-2", url: "https://h.example", "my-ap-123456789012.h.example us-west-2"),
    Host(accessPoint, "us-west-2", url: "https://127.0.0.1:9000", nil),
    Host(chinese, "cn-north-1", "my-ap-123456789012.s3-accesspoint.cn-north-1.amazonaws.com.cn cn-north-1"),
    Host(chinese, "cn-north-1", [.fips], nil),
    Host(chinese, "us-west-2", nil),
    Host(
      "arn:aws-us-gov:s3:us-gov-west-1:123456789012:accesspoint/my-ap", "us-gov-west-1", [.dualStack],
      "my-ap-123456789012.s3-accesspoint.dualstack.us-gov-west-1.amazonaws.com us-gov-west-1"),
  ]

  @Test(arguments: hosts) func hostsOfAWS(_ test: Host) throws {
    func address() throws -> S3Address {
      let endpoint = try S3Endpoint(url: test.url, region: test.region, variant: test.variant)
      return try endpoint.address(bucket: test.bucket, region: endpoint.region)
    }
    guard let expected = test.expected else {
      let error = try #require(throws: S3Error.self) { try address() }
      #expect(error.kind == .invalidArgument)
      return
    }
    let found = try address()
    #expect(
      "\(found.url(path: found.path(encodedKey: "k"), query: "")) \(found.signingRegion)"
        == "https://" + expected.replacing(" ", with: "/k ", maxReplacements: 1))
  }

  /// Transfer Acceleration wins over the addressing style, and is not for the call that makes a bucket.
  @Test func accelerationOfPathStyle() throws {
    let endpoint = try S3Endpoint(region: "eu-west-1", addressingStyle: .path, variant: [.accelerate])
    #expect(try endpoint.address(bucket: "mybkt", region: "eu-west-1").host == "mybkt.s3-accelerate.amazonaws.com")
    let plain = try endpoint.address(bucket: "mybkt", region: "eu-west-1", canAccelerate: false)
    #expect(plain.host == "s3.eu-west-1.amazonaws.com")
  }

  @Test func copySourceOfAnAccessPoint() {
    let source = S3CopySource(bucket: Self.accessPoint, key: "a b/\u{fc}", versionID: "v1")
    #expect(
      source.header == "arn%3Aaws%3As3%3Aus-west-2%3A123456789012%3Aaccesspoint/my-ap/object/a%20b/%C3%BC?versionId=v1")
    #expect(S3CopySource(bucket: "b", key: "k").header == "b/k")
  }

  @Test func bucketItself() throws {
    let path = try S3Endpoint(url: "http://h").address(bucket: "b", region: nil)
    #expect(path.url(path: path.path(encodedKey: nil), query: "uploads") == "http://h/b?uploads")
    let hosted = try S3Endpoint(region: "r").address(bucket: "bkt", region: "r")
    #expect(hosted.url(path: hosted.path(encodedKey: nil), query: "") == "https://bkt.s3.r.amazonaws.com/")
    #expect(hosted.path(encodedKey: "/lead") == "//lead")
  }

  @Test(arguments: [
    "", "localhost", "ftp://h", "http://", "http:///x", "http://h:0", "http://h:99999", "http://h:x", "http://h?x",
    "http://user:secret@h", "http://h/a b", "http://h#f", "http://h\r\nX: y", "http://h:1:2", "http://::1:80",
    "http://[::1", "http://[::1]:8:80",
  ])
  func malformedURLs(url: String) throws {
    let error = try #require(throws: S3Error.self) { try S3Endpoint(url: url) }
    #expect(error.kind == .invalidArgument)
    #expect(!error.message.contains("secret"))
  }

  @Test(arguments: [
    "", "a/b", "a b", "b\u{e9}", "..?", String(repeating: "a", count: 256), "arn:aws:s3:::x",
    "arn:aws:s3:us-west-2:123456789012:accesspoint/my.ap", "arn:aws:s3:us-west-2:123456789012:accesspoint/my-ap/object",
    "arn:aws:s3:us-west-2:12345678901:accesspoint/my-ap", "arn:aws:s3:us-west-2:123456789012:accesspoint/",
    "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap", "arn:aws:s3:cn-north-1:123456789012:accesspoint/my-ap",
    "arn:aws:s3-outposts:us-west-2:123456789012:accesspoint/my-ap", "arn:aws:s3:us-west-2:123456789012:bucket/my-ap",
    "arn:aws:s3:evil.example-1:123456789012:accesspoint/my-ap", "arn:",
    "arn:aws:s3:us-west-2:123456789012:accesspoint/a\r\nb",
  ])
  func malformedBuckets(bucket: String) throws {
    let endpoint = try S3Endpoint(url: "http://h")
    let error = #expect(throws: S3Error.self) { try endpoint.address(bucket: bucket, region: nil) }
    #expect(error?.message.contains("\r") == false)
  }
}
