/// What a request is signed with. Its secrets appear in no description, dump or log.
public struct AWSCredentials: Sendable, Equatable {
  public var accessKeyID: String
  public var secretAccessKey: String
  public var sessionToken: String?
  /// When they stop to be valid; nil for permanent ones.
  public var expiration: AWSTimestamp?

  public init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: AWSTimestamp? = nil
  ) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.expiration = expiration
  }

  /// Requests are sent unsigned.
  public static let anonymous = AWSCredentials(accessKeyID: "", secretAccessKey: "")

  /// No provider takes an empty key from its place.
  public var isAnonymous: Bool { accessKeyID.isEmpty }
}

extension AWSCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String {
    guard !isAnonymous else { return "AWSCredentials(anonymous)" }
    let kind = sessionToken == nil ? "permanent" : "temporary"
    return "AWSCredentials(\(accessKeyID), \(kind)\(expiration.map { ", until \($0.iso8601)" } ?? ""))"
  }

  public var debugDescription: String { description }

  public var customMirror: Mirror {
    Mirror(self, children: ["accessKeyID": accessKeyID, "expiration": expiration as Any])
  }
}
