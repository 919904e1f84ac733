extension CloudFrontClient {
  /// Every call may be repeated: an invalidation has its reference.
  /// - Returns: the body of the reply.
  func perform(_ call: ServiceCall) async throws -> [UInt8] {
    do {
      return try await service.perform(call)
    } catch let error as AWSServiceError {
      throw CloudFrontError(error)
    }
  }

  private var service: ServiceClient {
    var shared = ServiceConfiguration()
    shared.retry = configuration.retry
    shared.requestTimeout = configuration.requestTimeout
    shared.userAgent = configuration.userAgent
    shared.now = configuration.now
    return ServiceClient(
      name: "CloudFront", server: configuration.endpoint.server, signingRegion: configuration.endpoint.signingRegion,
      signer: signer, configuration: shared, transport: transport, credentials: credentials, logger: logger,
      clockOffset: clockOffset)
  }
}
