/// How an ``EmbeddedS3Server`` is set up.
package struct EmbeddedS3Configuration: Sendable {
  package enum Data: Sendable {
    /// Gone when the server is.
    case memory
    /// Kept below a folder, which is created if need be. Survives a killed process, not a power failure.
    case folder(String)
  }

  package var host = "127.0.0.1"
  /// 0: any free port.
  package var port = 0
  package var credentials: [EmbeddedS3Credentials]
  /// Asked at each request, by access key ID, for those that are none of ``credentials``.
  package var temporaryCredentials: @Sendable (String) -> EmbeddedS3Credentials? = { _ in nil }
  package var region = "us-east-1"
  package var data = Data.memory
  /// Created at start.
  package var buckets: [String] = []
  /// Opens `/_faults` and `/_requests` to everybody who reaches the port. `/_stat` is always open.
  package var isControllable = false

  package init(
    credentials: [EmbeddedS3Credentials] = [
      EmbeddedS3Credentials(accessKeyID: "embedded", secretAccessKey: "embedded-secret")
    ]
  ) {
    self.credentials = credentials
  }
}
