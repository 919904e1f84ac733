import AWSKit
import Checksums
import NIOCore
import NIOHTTP1
import Testing

private let content = Array("123456789".utf8)
private let md5 = "25f9e794323b453885f5181f1b624d0b"

private func head(_ headers: HTTPHeaders) -> S3ObjectHead { S3ObjectHead(status: 200, headers: headers) }

@Suite struct S3ContentVerifierTests {
  @Test(arguments: [
    ("x-amz-checksum-crc64nvme", "rosUhgp5mIg="), ("x-amz-checksum-crc32", "y/Q5Jg=="),
    ("x-amz-checksum-crc32c", "4waSgw=="), ("x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
    ("x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
    (
      "x-amz-checksum-sha512",
      "2eZ2LdHI6vbWGzxhkvxAjU1tXxF20MKRabwk5xw/J0rSf81YEbMT1oH35V7ALXPUmclUVba1u1A6z1dPuo/+hQ=="
    ), ("ETag", "\"\(md5)\""),
  ])
  func rightAndWrongContent(name: String, value: String) throws {
    var right = try #require(S3ContentVerifier(head([name: value])))
    right.update(ByteBuffer(bytes: content[..<4]))
    right.update(ByteBuffer())
    right.update(ByteBuffer(bytes: content[4...]))
    try right.finish()

    var wrong = try #require(S3ContentVerifier(head([name: value])))
    wrong.update(ByteBuffer(bytes: content.reversed()))
    let error = try #require(throws: S3Error.self) { try wrong.finish() }
    #expect(error.kind == .checksumMismatch)
  }

  /// Nothing there that says what the content is.
  @Test(
    arguments: [
      [:], ["ETag": "\"\(md5)-2\""], ["ETag": "\"xyz\""],
      ["ETag": "\"\(md5)\"", "x-amz-server-side-encryption": "aws:kms"],
      ["ETag": "\"\(md5)\"", "x-amz-server-side-encryption": "aws:kms:dsse"],
      ["ETag": "\"\(md5)\"", "x-amz-server-side-encryption-customer-algorithm": "AES256"],
      ["x-amz-checksum-crc32": "y/Q5Jg==-2"], ["x-amz-checksum-crc32": "y/Q5Jg==", "x-amz-checksum-type": "COMPOSITE"],
      ["x-amz-checksum-crc64nvme": "a2y6ZQ=="], ["ETag": "\"\(md5)\"", "Content-Range": "bytes 0-8/10"],
    ] as [HTTPHeaders])
  func nothingToCompareWith(headers: HTTPHeaders) {
    #expect(S3ContentVerifier(head(headers)) == nil)
  }

  @Test func theChecksumComesBeforeTheETag() throws {
    let expected = S3ContentVerifier.Expected(
      head(["ETag": "\"\(md5)\"", "x-amz-checksum-crc64nvme": "rosUhgp5mIg=", "x-amz-checksum-crc32": "AAAAAA=="]))
    #expect(expected == .crc64nvme(0xae8b_1486_0a79_9888))
    #expect(
      S3ContentVerifier.Expected(head(["ETag": "\"\(md5)\"", "x-amz-server-side-encryption": "AES256"]))
        == .md5(try #require(Hex.decode(md5))))
  }
}
