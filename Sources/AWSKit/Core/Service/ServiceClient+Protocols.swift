extension ServiceClient {
  /// A call of AWS's JSON protocol.
  ///
  /// - Parameters:
  ///   - target: the header that names the operation, such as `AmazonSQS.CreateQueue`.
  ///   - version: of the protocol: `1.0` or `1.1`.
  func json(
    _ operation: String, target: String, version: String, _ body: JSONValue, permission: AWSPermission,
    headers: [(name: String, value: String)] = [], timeout: Duration? = nil
  ) async throws -> JSONValue {
    var call = ServiceCall(operation: operation, permission: permission, timeout: timeout)
    call.headers =
      [("Content-Type", "application/x-amz-json-\(version)"), ("X-Amz-Target", target)] + headers
    call.body = Array(body.text.utf8)
    let reply = try await perform(call)
    if reply.isEmpty { return [:] }
    guard let value = JSONValue(parsing: reply) else {
      throw AWSServiceError(.malformedReply, message: "the reply is not JSON", operation: operation)
    }
    return value
  }

  /// A call of AWS's query protocol: a form, answered in XML.
  /// - Returns: the element `<ACTIONResult>`; nil where the reply has none.
  func query(
    _ operation: String, action: String, version: String, _ parameters: [(String, String)], permission: AWSPermission
  ) async throws -> XMLNode? {
    let form = [("Action", action), ("Version", version)] + parameters
    var call = ServiceCall(operation: operation, permission: permission)
    call.headers = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
    call.body = Array(form.map { "\($0)=\(URIEncoding.query($1))" }.joined(separator: "&").utf8)
    let reply = try await perform(call)
    do {
      return try XMLNode(parsing: reply)["\(action)Result"]
    } catch {
      throw AWSServiceError(
        .malformedReply, message: "the reply is \(error)", operation: operation, cause: error)
    }
  }

  func lacking(_ what: String, _ operation: String) -> AWSServiceError {
    AWSServiceError(.malformedReply, message: "the reply lacks \(what)", operation: operation)
  }
}
