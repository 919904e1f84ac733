import AWSKit
import HTTPTypes

extension S3Handler {
  func getObjectTagging(_ call: Call) throws -> S3Reply {
    let version = try self.store.find(call.key, versionID: call.versionID, in: call.bucket)
    return .xml(headers: try self.versionHeaders(version, call), "Tagging") { xml in
      xml.element("TagSet") { xml in
        for tag in version.object?.tags ?? [] {
          xml.element("Tag") { xml in
            xml.element("Key", tag.key)
            xml.element("Value", tag.value)
          }
        }
      }
    }
  }

  func putObjectTagging(_ call: Call) async throws -> S3Reply {
    guard let set = try await self.document(call)?["TagSet"] else { throw S3Error.malformedXML }
    let tags = try set.all("Tag").map { tag in
      guard let key = tag.text("Key"), let value = tag.text("Value") else { throw S3Error.malformedXML }
      return Tag(key: key, value: value)
    }
    try Tag.check(tags)
    let version = try self.store.setTags(tags, of: call.key, versionID: call.versionID, in: call.bucket)
    return S3Reply(headers: try self.versionHeaders(version, call))
  }

  func deleteObjectTagging(_ call: Call) throws -> S3Reply {
    let version = try self.store.setTags([], of: call.key, versionID: call.versionID, in: call.bucket)
    return S3Reply(.noContent, headers: try self.versionHeaders(version, call))
  }

  private func versionHeaders(_ version: ObjectVersion, _ call: Call) throws -> [(name: String, value: String)] {
    let isVersioned = try self.store.bucket(call.bucket).versioning != .unversioned
    return isVersioned ? [("x-amz-version-id", version.versionID)] : []
  }
}

extension Tag {
  /// The tags of an `x-amz-tagging` header: a query string.
  static func list(header: String?) throws -> [Tag] {
    guard let header, !header.isEmpty else { return [] }
    let tags = try header.utf8.split(separator: UInt8(ascii: "&")).map { pair in
      let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      guard let key = URIEncoding.decode(pair[..<equals], plusIsBlank: true),
        let value = URIEncoding.decode(pair[equals...].dropFirst(), plusIsBlank: true)
      else {
        throw S3Error.invalidArgument(
          "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name"
            + " duplicates.", name: "x-amz-tagging", value: header)
      }
      return Tag(key: String(decoding: key, as: UTF8.self), value: String(decoding: value, as: UTF8.self))
    }
    try self.check(tags)
    return tags
  }

  /// S3's limits: 10 tags, 128 and 256 characters, no name twice.
  static func check(_ tags: [Tag]) throws {
    guard tags.count <= 10 else {
      throw S3Error(.badRequest, "BadRequest", "Object tags cannot be greater than 10")
    }
    guard Set(tags.map(\.key)).count == tags.count else {
      throw S3Error(.badRequest, "InvalidTag", "Cannot provide multiple Tags with the same key")
    }
    for tag in tags {
      guard (1...128).contains(tag.key.utf16.count), tag.value.utf16.count <= 256 else {
        throw S3Error(.badRequest, "InvalidTag", "The TagKey or TagValue you have provided is invalid")
      }
    }
  }
}
