internal import AWSKit

extension S3Client {
  /// For the small objects by which nodes know of each other: what waits behind transfers, such as the renewal of a
  /// lease, comes too late.
  ///
  /// - Parameters:
  ///   - patience: for one request.
  ///   - attempts: in all.
  func besideTransfers(patience: Duration, attempts: Int) -> S3Client {
    var client = self
    client.configuration.requestTimeout = patience
    // Sent again it would be late: who asks decides anew.
    client.configuration.credentialPatience = .zero
    client.configuration.retry.maximumAttempts = attempts
    client.configuration.bandwidth = BandwidthLimits()
    return client
  }
}
