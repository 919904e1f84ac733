/// What a signature is limited to.
package struct SigV4Scope: Hashable, Sendable {
  /// `YYYYMMDD`, in UTC.
  package var date: String
  package var region: String
  package var service: String

  package init(date: String, region: String, service: String) {
    self.date = date
    self.region = region
    self.service = service
  }

  /// `20240524/eu-west-1/s3/aws4_request`.
  package var text: String { "\(date)/\(region)/\(service)/aws4_request" }
}
