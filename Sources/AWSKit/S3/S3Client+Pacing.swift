internal import AsyncHTTPClient

extension S3Client {
  /// Sends a request whose body a limit may hold back; what that takes does not count as the request's time.
  /// - Parameter body: nil: the time-out holds as it is.
  func send(_ request: HTTPClientRequest, timeout: Duration, pacing body: PacedBody?) async throws
    -> HTTPClientResponse
  {
    guard let body else { return try await transport.send(request, timeout: timeout) }
    return try await withThrowingTaskGroup(of: HTTPClientResponse.self) { group in
      group.addTask { [transport] in try await transport.send(request, timeout: Self.unlimited) }
      group.addTask {
        let start = ContinuousClock.now
        var rest = timeout
        while rest > .zero {
          try await Task.sleep(for: rest)
          rest = timeout + body.held - (ContinuousClock.now - start)
        }
        throw HTTPFailure(
          kind: .timedOut, message: "the request took too long", cause: HTTPClientError.deadlineExceeded)
      }
      defer { group.cancelAll() }
      guard let response = try await group.next() else { throw CancellationError() }
      return response
    }
  }

  private static let unlimited: Duration = .seconds(365 * 86_400)
}
