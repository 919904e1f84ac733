/// A key pair that the server accepts.
package struct EmbeddedS3Credentials: Sendable, Hashable {
  package var accessKeyID: String
  package var secretAccessKey: String
  /// Temporary credentials carry one; requests must bring the same.
  package var sessionToken: String?
  /// Whether they were valid once.
  package var areExpired = false

  package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
  }
}
