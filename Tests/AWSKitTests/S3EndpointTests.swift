import AWSKit
import Testing

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

  @Test(arguments: ["", "a/b", "a b", "b\u{e9}", "..?", String(repeating: "a", count: 256), "arn:aws:s3:::x"])
  func malformedBuckets(bucket: String) throws {
    let endpoint = try S3Endpoint(url: "http://h")
    #expect(throws: S3Error.self) { try endpoint.address(bucket: bucket, region: nil) }
  }
}
