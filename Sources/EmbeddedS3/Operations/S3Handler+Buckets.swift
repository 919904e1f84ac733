import AWSKit
import HTTPTypes

extension S3Handler {
  func listBuckets() -> S3Reply {
    .xml("ListAllMyBucketsResult") { xml in
      Self.writeOwner(&xml)
      xml.element("Buckets") { xml in
        for bucket in self.store.allBuckets {
          xml.element("Bucket") { xml in
            xml.element("Name", bucket.name)
            xml.element("CreationDate", S3Date.listing(bucket.created))
            xml.element("BucketRegion", bucket.region)
          }
        }
      }
    }
  }

  func createBucket(_ call: Call) async throws -> S3Reply {
    let document = try await self.document(call)
    guard isValidBucketName(call.bucket) else {
      throw S3Error(
        .badRequest, "InvalidBucketName", "The specified bucket is not valid.", [("BucketName", call.bucket)])
    }
    let constraint = document?.text("LocationConstraint").flatMap { $0.isEmpty ? nil : $0 }
    let region = constraint == "EU" ? "eu-west-1" : constraint ?? self.region
    try self.store.createBucket(call.bucket, region: region)
    return S3Reply(headers: [("location", "/\(call.bucket)")])
  }

  func deleteBucket(_ call: Call) throws -> S3Reply {
    try self.store.deleteBucket(call.bucket)
    return S3Reply(.noContent)
  }

  func headBucket(_ call: Call) throws -> S3Reply {
    let bucket = try self.store.bucket(call.bucket)
    return S3Reply(headers: [
      ("x-amz-bucket-region", bucket.region), ("x-amz-access-point-alias", "false"),
      ("content-type", "application/xml"),
    ])
  }

  func getBucketLocation(_ call: Call) throws -> S3Reply {
    let region = try self.store.bucket(call.bucket).region
    var writer = XMLWriter()
    writer.root("LocationConstraint") { xml in
      // us-east-1 is shown as nothing, and Ireland by the name it first had.
      if region != "us-east-1" { xml.text(region == "eu-west-1" ? "EU" : region) }
    }
    return S3Reply(headers: [("content-type", "application/xml")], body: .bytes(writer.buffer))
  }

  func getBucketVersioning(_ call: Call) throws -> S3Reply {
    let versioning = try self.store.bucket(call.bucket).versioning
    return .xml("VersioningConfiguration") { xml in
      if versioning != .unversioned { xml.element("Status", versioning.rawValue) }
    }
  }

  func putBucketVersioning(_ call: Call) async throws -> S3Reply {
    guard let status = try await self.document(call)?.text("Status"),
      let versioning = Bucket.Versioning(rawValue: status),
      versioning != .unversioned
    else {
      throw S3Error(
        .badRequest, "IllegalVersioningConfigurationException",
        "The Versioning element must be specified")
    }
    try self.store.setVersioning(versioning, of: call.bucket)
    return S3Reply()
  }

  static let ownerID = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"

  static func writeOwner(_ xml: inout XMLWriter, as name: String = "Owner") {
    xml.element(name) { xml in
      xml.element("ID", self.ownerID)
      xml.element("DisplayName", "embedded")
    }
  }
}

/// 3 to 63 lower-case letters, digits, dots and hyphens, a letter or digit at both ends.
func isValidBucketName(_ name: String) -> Bool {
  func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
  let bytes = Array(name.utf8)
  return (3...63).contains(bytes.count) && bytes.first.map(isAlphanumeric) == true
    && bytes.last.map(isAlphanumeric) == true && !name.contains("..")
    && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
}
