extension S3Endpoint {
  /// Whether nobody on the way can read what is sent: TLS, or this machine. S3 takes customers' keys only so.
  package var isConfidential: Bool {
    guard let custom, !custom.isSecure else { return true }
    return custom.host == "localhost" || custom.host.hasSuffix(".localhost") || custom.host == "[::1]"
      || CustomEndpoint.isIPAddress(custom.host) && custom.host.hasPrefix("127.")
  }
}
