import AWSKit
import Checksums
import Digests
import HTTPTypes

/// How the server would encrypt an object. Nothing is encrypted here; keys are asked for and ETags say nothing about
/// the content, as on S3.
struct ObjectEncryption: Sendable, Codable {
  /// `AES256`, `aws:kms`; nil with a customer's key.
  var algorithm: String?
  var kmsKeyID: String?
  /// Base64 of the MD5 of a customer's key.
  var customerKeyMD5: String?

  private static let prefix = "server-side-encryption"
  private static let customer = "server-side-encryption-customer"
  private static let defaultKMSKey = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"

  /// What a write asks for; nil for nothing.
  init?(_ request: S3Request) throws {
    self.algorithm = request.header("x-amz-\(Self.prefix)")
    self.kmsKeyID = request.header("x-amz-\(Self.prefix)-aws-kms-key-id")
    self.customerKeyMD5 = try Self.customerKeyMD5(request)
    if self.customerKeyMD5 != nil, self.algorithm != nil || self.kmsKeyID != nil {
      throw S3Error.invalidArgument(
        "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        name: "x-amz-\(Self.prefix)", value: self.algorithm ?? "")
    }
    switch self.algorithm {
    case nil where self.kmsKeyID != nil, "AES256" where self.kmsKeyID != nil:
      throw S3Error.invalidArgument(
        "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
        name: "x-amz-\(Self.prefix)", value: self.algorithm ?? "null")
    case nil, "AES256": break
    case "aws:kms", "aws:kms:dsse": self.kmsKeyID = self.kmsKeyID ?? Self.defaultKMSKey
    case .some(let name):
      throw S3Error.invalidArgument(
        "The encryption method specified is not supported", name: "x-amz-\(Self.prefix)", value: name)
    }
    if self.algorithm == nil, self.customerKeyMD5 == nil { return nil }
  }

  /// Whether an ETag is no MD5 of the content.
  var hidesETag: Bool { self.customerKeyMD5 != nil || self.algorithm?.hasPrefix("aws:kms") ?? false }

  /// An ETag as S3 makes it up: nothing can be told by it.
  static func opaque(_ etag: String) -> String {
    let suffix = etag.firstIndex(of: "-").map { String(etag[$0...]) } ?? ""
    return Hex.encode(MD5Digest.digest(Array((etag + randomIdentifier()).utf8))) + suffix
  }

  var replyHeaders: [(name: String, value: String)] {
    if let customerKeyMD5 {
      return [("x-amz-\(Self.customer)-algorithm", "AES256"), ("x-amz-\(Self.customer)-key-md5", customerKeyMD5)]
    }
    var headers = [(name: "x-amz-\(Self.prefix)", value: self.algorithm ?? "AES256")]
    if let kmsKeyID { headers.append(("x-amz-\(Self.prefix)-aws-kms-key-id", kmsKeyID)) }
    return headers
  }

  /// Whether a request that reads the object, or sends a part of it, has its key.
  ///
  /// - Parameter scope: `copy-source-` for the source of a copy.
  static func check(_ encryption: ObjectEncryption?, _ request: S3Request, scope: String = "") throws {
    let given = try self.customerKeyMD5(request, scope: scope)
    switch (encryption?.customerKeyMD5, given) {
    case (nil, nil): return
    case (let wanted?, let given?) where wanted == given: return
    case (.some, .some):
      throw S3Error(
        .forbidden, "AccessDenied", "The calculated MD5 hash of the key did not match the hash that was provided.")
    case (.some, nil):
      throw S3Error.invalidRequest(
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to"
          + " retrieve the object.")
    case (nil, .some):
      throw S3Error.invalidRequest("The encryption parameters are not applicable to this object.")
    }
  }

  /// Base64, of the key in a request, which has to be complete and right.
  private static func customerKeyMD5(_ request: S3Request, scope: String = "") throws -> String? {
    let name = "x-amz-\(scope)\(Self.customer)"
    let fields = ["algorithm", "key", "key-md5"].map { request.header("\(name)-\($0)") }
    if fields.allSatisfy({ $0 == nil }) { return nil }
    guard fields[0] == "AES256", let key = fields[1].flatMap({ Base64.decode($0) }), key.count == 32,
      let digest = fields[2], digest == Base64.encode(MD5Digest.digest(key))
    else {
      throw S3Error.invalidArgument(
        "The secret key was invalid for the specified algorithm.", name: "\(name)-key", value: "null")
    }
    return digest
  }
}

/// Who may do what with an object besides its owner.
struct ObjectAccess: Sendable, Codable {
  struct Grant: Sendable, Codable {
    /// Id of a user or URI of a group.
    var grantee: String
    var permission: String
  }

  /// Nil: full control for the owner, nothing for others.
  var grants: [Grant]?

  private static let permissions = [
    "full-control": "FULL_CONTROL", "read": "READ", "read-acp": "READ_ACP", "write-acp": "WRITE_ACP",
  ]

  /// - Parameter owner: the id of whoever writes.
  init(_ request: S3Request, owner: String) throws {
    var grants: [Grant] = []
    for (name, permission) in Self.permissions.sorted(by: { $0.key < $1.key }) {
      for grantee in request.header("x-amz-grant-\(name)")?.split(separator: ",") ?? [] {
        let pieces = grantee.split(separator: "=", maxSplits: 1).map { $0.trimming { $0 == " " || $0 == "\"" } }
        guard pieces.count == 2, ["id", "uri", "emailAddress"].contains(pieces[0]) else {
          throw S3Error.invalidArgument("Argument format not recognized", name: name, value: String(grantee))
        }
        grants.append(Grant(grantee: String(pieces[1]), permission: permission))
      }
    }
    let acl = request.header("x-amz-acl")
    guard acl == nil || grants.isEmpty else {
      throw S3Error.invalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
    }
    let control = Grant(grantee: owner, permission: "FULL_CONTROL")
    func group(_ name: String, _ permission: String) -> Grant {
      Grant(grantee: "http://acs.amazonaws.com/groups/global/\(name)", permission: permission)
    }
    switch acl {
    case nil: self.grants = grants.isEmpty ? nil : grants
    // Bucket and object have one owner here.
    case "private", "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write", "aws-exec-read":
      self.grants = nil
    case "public-read": self.grants = [control, group("AllUsers", "READ")]
    case "public-read-write": self.grants = [control, group("AllUsers", "READ"), group("AllUsers", "WRITE")]
    case "authenticated-read": self.grants = [control, group("AuthenticatedUsers", "READ")]
    case .some(let name): throw S3Error.invalidArgument("", name: "x-amz-acl", value: name)
    }
  }
}
