/// One version of an object, or a delete marker. Immutable but for its tags.
struct ObjectVersion: Sendable {
  /// `null` for versions written while versioning was not enabled.
  var versionID: String
  /// Milliseconds since 1970; S3 shows whole seconds.
  var lastModified: Int64
  var kind: Kind

  enum Kind: Sendable {
    case object(StoredObject)
    case deleteMarker
  }

  var object: StoredObject? {
    if case .object(let object) = self.kind { object } else { nil }
  }

  static let nullVersionID = "null"
}

/// Content and everything that was said about it when it was written.
struct StoredObject: Sendable {
  var content: Content
  /// Without quotes: the MD5 in hexadecimal, or `md5-of-md5s-N` for N parts.
  var etag: String
  var headers: ObjectHeaders
  var checksum: ObjectChecksum?
  /// The sizes of the parts in order; empty for an object that was put in one piece.
  var parts: [PartSummary] = []
  var tags: [Tag] = []

  var size: Int { self.content.size }
}

/// What ListParts, `partNumber=` and GetObjectAttributes show of a part of a finished object.
struct PartSummary: Sendable, Codable {
  var number: Int
  var size: Int
  var checksum: String?
}

struct Tag: Sendable, Codable, Hashable {
  var key: String
  var value: String
}

/// Headers that are stored with an object and given back as they were.
struct ObjectHeaders: Sendable, Codable {
  /// Content-Type, Cache-Control and so on, by lower-case name.
  var system: [String: String] = [:]
  /// User metadata by lower-case name without `x-amz-meta-`.
  var user: [String: String] = [:]
  var storageClass: String?
  var websiteRedirect: String?
  var encryption: ObjectEncryption?
  /// Nil in journals of earlier versions, too.
  var access: ObjectAccess?
}

/// The additional checksum of an object.
struct ObjectChecksum: Sendable, Codable {
  var algorithm: ChecksumAlgorithm
  var type: ChecksumType
  /// Base64; a composite one ends in `-N`.
  var value: String
}

enum ChecksumType: String, Sendable, Codable {
  case fullObject = "FULL_OBJECT"
  case composite = "COMPOSITE"
}
