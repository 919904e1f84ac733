import HTTPTypes
import NIOCore

/// A reply before it is written.
struct S3Reply: Sendable {
  var status: HTTPResponse.Status
  var headers: [(name: String, value: String)]
  var body: Body

  enum Body: Sendable {
    case none
    case bytes(ByteBuffer)
    case content(Content)
    /// The head of such a content, for HEAD.
    case length(Int)
  }

  init(_ status: HTTPResponse.Status = .ok, headers: [(name: String, value: String)] = [], body: Body = .none) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A reply with an XML document.
  static func xml(
    headers: [(name: String, value: String)] = [], capacity: Int = 512, _ root: String,
    _ content: (inout XMLWriter) throws -> Void
  ) rethrows -> S3Reply {
    var writer = XMLWriter(capacity: capacity)
    try writer.root(root, content)
    return S3Reply(headers: headers + [("content-type", "application/xml")], body: .bytes(writer.buffer))
  }

  init(_ error: S3Error, requestID: String) {
    var writer = XMLWriter()
    writer.element("Error") { xml in
      xml.element("Code", error.code)
      xml.element("Message", error.message)
      for (name, value) in error.details { xml.element(name, value) }
      xml.element("RequestId", requestID)
      xml.element("HostId", "embedded")
    }
    // RFC 9110: 304 has no body.
    let hasBody = error.status != .notModified
    self.init(
      error.status, headers: error.headers + (hasBody ? [("content-type", "application/xml")] : []),
      body: hasBody ? .bytes(writer.buffer) : .none)
  }

  var contentLength: Int {
    switch self.body {
    case .none: 0
    case .bytes(let buffer): buffer.readableBytes
    case .content(let content): content.size
    case .length(let length): length
    }
  }
}
