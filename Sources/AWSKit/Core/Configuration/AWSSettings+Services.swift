extension AWSSettings {
  /// Where a service is that hands out credentials: the configured endpoint, else AWS's host in the region.
  /// - Parameters:
  ///   - service: as in the variables: `STS`, `SSO`, `SSO_OIDC`.
  ///   - host: the first labels of AWS's host, such as `portal.sso`.
  ///   - region: nil for the global host.
  func endpoint(of service: String, host: String, region: String?) throws(CredentialError) -> CustomEndpoint {
    let labels = region.map { "\(host).\($0).\(AWSPartition.of(region: $0).domain)" } ?? "\(host).amazonaws.com"
    do {
      return try CustomEndpoint(url: endpointURL(service: service) ?? "https://\(labels)")
    } catch {
      throw CredentialError("the endpoint of \(service) (AWS_ENDPOINT_URL_\(service)) cannot be used", cause: error)
    }
  }
}
