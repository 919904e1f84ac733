extension AWSSettings {
  /// Where a service is that hands out credentials: the configured endpoint, else AWS's host in the region. Source of
  /// the hosts: botocore 1.43.
  /// - Parameters:
  ///   - service: as in the variables: `STS`, `SSO`, `SSO_OIDC`.
  ///   - host: the first labels of AWS's host, such as `portal.sso`.
  ///   - region: nil for the global host.
  func endpoint(of service: String, host: String, region: String?) throws(CredentialError) -> CustomEndpoint {
    do {
      return try CustomEndpoint(url: endpointURL(service: service) ?? url(host: host, region: region))
    } catch {
      throw CredentialError("the endpoint of \(service) (AWS_ENDPOINT_URL_\(service)) cannot be used", cause: error)
    }
  }

  private func url(host: String, region: String?) -> String {
    let isFIPS = endpointVariant.contains(.fips)
    guard let region = region ?? (isFIPS ? S3Endpoint.defaultRegion : nil) else {
      return "https://\(host).amazonaws.com"
    }
    let partition = AWSPartition.of(region: region)
    // In GovCloud all hosts are such.
    let suffix = isFIPS && partition.id != "aws-us-gov" ? "-fips" : ""
    return "https://\(host)\(suffix).\(region).\(partition.domain)"
  }
}
