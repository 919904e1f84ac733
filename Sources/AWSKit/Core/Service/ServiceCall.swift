internal import NIOHTTP1

/// One request to a service, before it is signed. It may be repeated.
struct ServiceCall: Sendable {
  /// For messages.
  let operation: String
  /// What has to be allowed for it.
  var permission: AWSPermission?
  var method = HTTPMethod.POST
  /// Percent-encoded, below the endpoint.
  var path = "/"
  var headers: [(name: String, value: String)] = []
  /// Nil: a method that has none.
  var body: [UInt8]?
  /// Limit of one attempt; nil: the client's.
  var timeout: Duration?
}

/// The code and the message of an error reply, whatever protocol it is written in.
struct ServiceErrorBody: Sendable {
  var code = ""
  var message = ""

  /// - Parameter queryError: the header `x-amzn-query-error`, `CODE;Sender`.
  init(parsing body: [UInt8], queryError: String?) {
    if body.first == UInt8(ascii: "{"), let document = JSONValue(parsing: body) {
      message = (document["message"] ?? document["Message"])?.string ?? ""
      // `com.amazonaws.sqs#QueueDoesNotExist`, or the name alone.
      code = document["__type"]?.string.map { String($0.split(separator: "#").last ?? "") } ?? ""
    } else {
      let error = S3ErrorBody(parsing: body)
      (code, message) = (error.code, error.message)
    }
    if let name = queryError?.split(separator: ";").first, !name.isEmpty { code = String(name) }
  }
}
