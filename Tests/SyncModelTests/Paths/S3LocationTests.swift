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

  @Test(arguments: [
    ("b--use1-az4--x-s3/p", "no order"), ("ap--use1-az4--xa-s3", "no order"), ("ap-abc--ol-s3", "Object Lambda"),
    ("ap-abc--op-s3/p", "Outposts"), ("mfzwi23gnjvgw.mrap", "multi-region"),
    ("arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap/p", "multi-region"),
    ("arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/my-ol", "Object Lambda"),
    ("arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-0123/accesspoint/my-ap/p", "Outposts"),
    ("arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-0123:bucket:b", "Outposts"),
    ("arn:aws:s3:::b/p", "s3://BUCKET/PREFIX"), ("arn:aws:sqs:r:1:accesspoint/x", "s3://BUCKET/PREFIX"),
    ("arn:aws:s3:r:1:accesspointer/x", "s3://BUCKET/PREFIX"), ("arn:aws", "s3://BUCKET/PREFIX"),
  ])
  func `places that cannot be kept the same as a folder are refused with the reason`(
    _ place: String, _ reason: String
  ) {
    #expect { try S3Location(parsing: "s3://\(place)") } throws: { "\($0)".contains(reason) }
  }

  @Test(arguments: ["my-ap-abcdefghij1234567890-s3alias", "x-s3", "b--x-s3x/--x-s3", "arn-b"])
  func `names that only resemble them are buckets`(_ place: String) throws {
    #expect(try S3Location(parsing: "s3://\(place)").bucket == place.prefix { $0 != "/" })
  }

  @Test func `its description is what can be parsed`() throws {
    let location = S3Location(bucket: "b", prefix: "x")
    #expect(location.description == "s3://b/x/")
    #expect(try S3Location(parsing: location.description) == location)
  }
}
