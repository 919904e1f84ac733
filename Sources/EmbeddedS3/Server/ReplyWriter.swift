import HTTPTypes
import HummingbirdCore
import NIOCore

/// Writes a reply, as a fault wants it.
struct ReplyWriter {
  private let head: HTTPResponse
  private let body: S3Reply.Body
  private let fault: Fault.Action?

  init(_ reply: S3Reply, date: Int64, request: Request, fault: Fault.Action? = nil) {
    var fields = HTTPFields()
    for (name, value) in reply.headers {
      if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
    }
    fields[.date] = S3Date.http(date)
    fields[.server] = "EmbeddedS3"
    if reply.status != .noContent, reply.status != .notModified {
      fields[.contentLength] = String(reply.contentLength)
    }
    self.head = HTTPResponse(status: reply.status, headerFields: fields)
    self.body = request.method == .head ? .none : reply.body
    self.fault = fault
  }

  func write(_ writer: consuming ResponseWriter) async throws {
    switch (self.body, self.fault) {
    case (.none, _), (.length, _): try await writer.writeResponse(self.head)
    case (.bytes(let buffer), .corrupt), (.bytes(let buffer), .truncate), (.bytes(let buffer), .stall):
      try await self.write([.memory(buffer)], writer)
    case (.bytes(let buffer), _):
      try await writer.write(response: self.head, body: ResponseBody(byteBuffer: buffer))
    case (.content(let content), .corrupt), (.content(let content), .truncate), (.content(let content), .stall):
      try await self.write(content.pieces, writer)
    case (.content(let content), _):
      let pieces = content.pieces
      if pieces.count <= 1 {
        let buffer = try pieces.first?.buffer() ?? ByteBuffer()
        try await writer.write(response: self.head, body: ResponseBody(byteBuffer: buffer))
      } else {
        try await self.write(pieces, writer)
      }
    }
  }

  private func write(_ pieces: [Content.Segment], _ writer: consuming ResponseWriter) async throws {
    var body = try await writer.writeHead(self.head)
    var left = Int.max
    if case .truncate(let bytes) = self.fault { left = bytes }
    if case .stall(let bytes) = self.fault { left = bytes }
    var isFirst = true
    for piece in pieces {
      var buffer = try piece.buffer()
      if isFirst, case .corrupt = self.fault, let byte = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) {
        buffer.setInteger(byte ^ 0xFF, at: buffer.readerIndex)
      }
      isFirst = false
      guard let slice = buffer.readSlice(length: min(left, buffer.readableBytes)) else { break }
      left -= slice.readableBytes
      try await body.write(slice)
      if left == 0 { break }
    }
    switch self.fault {
    case .truncate: throw DroppedConnection()
    // For longer than any client waits; the server's shutdown cancels it.
    case .stall: try await Task.sleep(for: .seconds(3600))
    default: try await body.finish(nil)
    }
  }
}
