/// What an `<Error>` document says.
struct S3ErrorBody: Sendable {
  var code = ""
  var message = ""
  var requestID: String?
  var region: String?
  var serverTime: AWSTimestamp?

  init() {}

  init(_ node: XMLNode) {
    code = node.text("Code") ?? ""
    message = node.text("Message") ?? ""
    requestID = node.text("RequestId")
    region = node.text("Region")
    serverTime = node.text("ServerTime").flatMap { AWSTimestamp(iso8601: $0) }
  }

  /// Proxies and simple servers send something else, which is left out.
  init(parsing bytes: [UInt8]) {
    let root = try? XMLNode(parsing: bytes)
    // Some servers wrap it: <ErrorResponse><Error>…
    if let error = root?.name == "Error" ? root : root?["Error"] { self.init(error) } else { self.init() }
  }
}
