import Testing

@testable import SyncModel

@Suite struct S3LocationTests {
  static let accessPoint = "arn:aws:s3:eu-west-1:123456789012:accesspoint"

  @Test(arguments: [
    ("s3://b", "b", ""), ("s3://b/", "b", ""), ("s3://b/x", "b", "x/"), ("s3://b/x/", "b", "x/"),
    ("s3://b/x//", "b", "x//"), ("s3://b//x", "b", "/x/"), ("s3://b/ü/é", "b", "ü/é/"),
    ("s3://\(accessPoint)/name/pre", "\(accessPoint)/name", "pre/"),
    ("s3://\(accessPoint)/name", "\(accessPoint)/name", ""),
    ("s3://\(accessPoint):name/pre", "\(accessPoint):name", "pre/"),
  ])
  func `the text is read as the AWS CLI reads it`(_ text: String, _ bucket: String, _ prefix: String) throws {
    let location = try S3Location(parsing: text)
    #expect(location.bucket == bucket)
    #expect(location.prefix == prefix)
  }

  @Test(arguments: [
    "", "b/x", "S3://b", "s3:/b", "s3://", "s3:///x", "/s3://b", "s3://\(accessPoint)", "s3://\(accessPoint)//x",
  ])
  func `other texts are refused with what to write`(_ text: String) {
    #expect { try S3Location(parsing: text) } throws: { "\($0)".contains("s3://BUCKET/PREFIX") }
  }

  @Test func `its description is what can be parsed`() throws {
    let location = S3Location(bucket: "b", prefix: "x")
    #expect(location.description == "s3://b/x/")
    #expect(try S3Location(parsing: location.description) == location)
  }
}
