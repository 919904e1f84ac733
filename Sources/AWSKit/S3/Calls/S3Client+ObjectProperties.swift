internal import NIOCore
internal import NIOHTTP1

/// A tag of an object.
public struct S3Tag: Hashable, Sendable {
  public var key: String
  public var value: String

  public init(key: String, value: String) {
    self.key = key
    self.value = value
  }
}

/// Who may do what with an object.
public struct S3AccessControl: Sendable, Equatable {
  public struct Grant: Sendable, Equatable {
    /// Canonical id of a user, or URI of a group.
    public var grantee: String
    /// `FULL_CONTROL`, `READ`, `WRITE`, `READ_ACP`, `WRITE_ACP`.
    public var permission: String
  }

  public var ownerID: String
  public var grants: [Grant]

  /// Whether it is what S3 gives to every new object: full control for the owner, nothing for anybody else.
  public var isDefault: Bool { grants.allSatisfy { $0.grantee == ownerID && $0.permission == "FULL_CONTROL" } }
}

extension S3Client {
  public func getObjectTagging(bucket: String, key: String, versionID: String? = nil) async throws -> [S3Tag] {
    var call = S3Call(
      operation: "GetObjectTagging", method: .GET, bucket: bucket, key: key, query: [("tagging", nil)])
    call.addQuery("versionId", versionID)
    return try await perform(call) { reply in
      (try await reply.xml()["TagSet"]?.all("Tag") ?? []).map { tag in
        S3Tag(key: tag.text("Key") ?? "", value: tag.text("Value") ?? "")
      }
    }
  }

  public func putObjectTagging(
    bucket: String, key: String, versionID: String? = nil, tags: [S3Tag]
  ) async throws {
    var call = S3Call(
      operation: "PutObjectTagging", method: .PUT, bucket: bucket, key: key, query: [("tagging", nil)], isWrite: true)
    call.addQuery("versionId", versionID)
    let set = tags.map { "<Tag><Key>\(XMLText.escape($0.key))</Key><Value>\(XMLText.escape($0.value))</Value></Tag>" }
    let document = "<Tagging xmlns=\"\(XMLText.s3Namespace)\"><TagSet>\(set.joined())</TagSet></Tagging>"
    // S3 requires a checksum of it.
    call.setBody(
      .bytes(ByteBuffer(string: document)),
      checksums: configuration.checksums == .whenSupported ? .whenSupported : .contentMD5)
    call.addHeader("Content-Type", "application/xml")
    try await perform(call) { _ = try await $0.collect() }
  }

  public func getObjectAcl(bucket: String, key: String, versionID: String? = nil) async throws -> S3AccessControl {
    var call = S3Call(operation: "GetObjectAcl", method: .GET, bucket: bucket, key: key, query: [("acl", nil)])
    call.addQuery("versionId", versionID)
    return try await perform(call) { reply in
      let node = try await reply.xml()
      let grants = (node["AccessControlList"]?.all("Grant") ?? []).map { grant in
        S3AccessControl.Grant(
          grantee: grant["Grantee"]?.text("ID") ?? grant["Grantee"]?.text("URI") ?? "",
          permission: grant.text("Permission") ?? "")
      }
      return S3AccessControl(ownerID: node["Owner"]?.text("ID") ?? "", grants: grants)
    }
  }
}

extension S3AccessControl {
  /// The headers that give a new object these grants, the owner's included; nil where a grantee cannot be named.
  package var grantHeaders: [(name: String, value: String)]? {
    let names = [
      "FULL_CONTROL": "full-control", "READ": "read", "READ_ACP": "read-acp", "WRITE_ACP": "write-acp",
    ]
    var grantees: [String: [String]] = [:]
    for grant in grants {
      guard let name = names[grant.permission], !grant.grantee.isEmpty, !grant.grantee.contains("\"") else {
        return nil
      }
      grantees[name, default: []].append("\(grant.grantee.contains("://") ? "uri" : "id")=\"\(grant.grantee)\"")
    }
    return grantees.sorted { $0.key < $1.key }.map { ("x-amz-grant-\($0.key)", $0.value.joined(separator: ", ")) }
  }
}
