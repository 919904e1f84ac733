internal import FoundationEssentials

/// The JSON that containers, instances and credential processes give out. They differ in the name of the token.
struct CredentialJSON: Decodable {
  var version: Int?
  /// Of an instance: `Success`, or what went wrong.
  var code: String?
  var accessKeyID: String?
  var secretAccessKey: String?
  var token: String?
  var sessionToken: String?
  var expiration: String?

  enum CodingKeys: String, CodingKey {
    case version = "Version"
    case code = "Code"
    case accessKeyID = "AccessKeyId"
    case secretAccessKey = "SecretAccessKey"
    case token = "Token"
    case sessionToken = "SessionToken"
    case expiration = "Expiration"
  }

  /// Nil when it is not such JSON. The decoder's own error would show what it read.
  init?(parsing bytes: [UInt8]) {
    guard let parsed = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
    self = parsed
  }

  /// As containers and instances give them: temporary, all four fields present.
  /// - Throws: ``CredentialRequestFailure`` that names what is missing.
  func temporary() throws(CredentialRequestFailure) -> AWSCredentials {
    let fields = [
      ("AccessKeyId", accessKeyID), ("SecretAccessKey", secretAccessKey), ("Token", token), ("Expiration", expiration),
    ]
    let missing = fields.filter { $0.1?.isEmpty ?? true }.map(\.0)
    guard missing.isEmpty, let accessKeyID, let secretAccessKey, let token, let expiration else {
      let code = code.map { " (its code is \($0))" } ?? ""
      throw CredentialRequestFailure("its reply lacks \(missing.joined(separator: ", "))\(code)", isTransient: true)
    }
    guard let time = AWSTimestamp(iso8601: expiration) else {
      throw CredentialRequestFailure("the Expiration in its reply is not a time", isTransient: true)
    }
    return AWSCredentials(
      accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: token, expiration: time)
  }
}
