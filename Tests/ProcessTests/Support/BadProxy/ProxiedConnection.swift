import NIOCore
import NIOHTTP1

/// The requests of one connection, one after the other, each over a connection of its own to the server.
struct ProxiedConnection {
  private struct Cut: Error {
    var isReset = false
  }

  private typealias Requests = NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
  private typealias Replies = NIOAsyncChannelInboundStream<HTTPClientResponsePart>
  private typealias Client = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

  private let proxy: BadProxy
  private let channel: BadProxy.Incoming

  init(_ proxy: BadProxy, _ channel: BadProxy.Incoming) {
    self.proxy = proxy
    self.channel = channel
  }

  /// Whatever goes wrong ends the connection, as it would without a proxy.
  func serve() async {
    var late: Late?
    do {
      late = try await channel.executeThenClose { inbound, outbound in
        var requests = inbound.makeAsyncIterator()
        do {
          while case .head(let head)? = try await requests.next() {
            if let late = try await exchange(head, &requests, outbound) { return late }
          }
        } catch let cut as Cut where cut.isReset {
          try await BadProxy.resetsWhenClosed(channel.channel)?.get()
        }
        return nil
      }
    } catch {}
    if let late { await land(late) }
  }

  // MARK: A request

  private func exchange(
    _ head: HTTPRequestHead, _ requests: inout Requests, _ client: Client
  ) async throws -> Late? {
    let length = Self.length(head.headers)
    let draw = proxy.draw(head, hasBody: length > 0)
    switch draw.fault {
    case .cutBeforeRequest: try cut(.cutBeforeRequest)
    case .reset: try cut(.reset, isReset: true)
    case .answer500: try await answer(500, "InternalError", .answer500, &requests, client)
    case .answer503: try await answer(503, "SlowDown", .answer503, &requests, client)
    case .answer429: try await answer(429, "TooManyRequests", .answer429, &requests, client)
    case .landLate: return try await collect(head, &requests, draw.pause)
    default: try await relay(head, length, draw, &requests, client)
    }
    return nil
  }

  private func relay(
    _ given: HTTPRequestHead, _ length: Int, _ draw: ProxyPlan.Draw, _ requests: inout Requests, _ client: Client
  ) async throws {
    if draw.fault == .delay {
      try await happened(.delay, pause: draw.pause)
    }
    var head = given
    if draw.fault == .corruptRequestHeader { corrupt(&head, draw) }
    let server = try await proxy.connect()
    // The closure may not capture the iterator that was lent.
    var reader = requests
    try await server.executeThenClose { replies, outbound in
      try await outbound.write(.head(head))
      try await send(&reader, length, draw, to: outbound)
      try await reply(replies, isHead: head.method == .HEAD, draw, client)
    }
    requests = reader
  }

  private func send(
    _ requests: inout Requests, _ length: Int, _ draw: ProxyPlan.Draw,
    to server: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
  ) async throws {
    let fault = draw.fault?.needsRequestBody == true && length > 0 ? draw.fault : nil
    let position = Int(draw.fraction * Double(length))
    var offset = 0
    while let part = try await requests.next() {
      switch part {
      case .head: throw Cut()
      case .body(var bytes):
        let end = offset + bytes.readableBytes
        if let fault, offset <= position, position < end {
          switch fault {
          case .cutRequestBody:
            try await server.write(.body(.byteBuffer(bytes.readSlice(length: position - offset) ?? bytes)))
            try cut(.cutRequestBody, isReset: draw.word & 1 == 0)
          case .stallRequest: try await happened(.stallRequest, pause: draw.pause)
          default:
            Self.flip(&bytes, at: position - offset, draw.word)
            proxy.happened(.corruptRequestBody)
          }
        }
        offset = end
        proxy.passed(bytes, of: draw.request)
        try await server.write(.body(.byteBuffer(bytes)))
      case .end:
        try await server.write(.end(nil))
        return
      }
    }
    throw Cut()
  }

  // MARK: A reply

  private func reply(_ replies: Replies, isHead: Bool, _ given: ProxyPlan.Draw, _ client: Client) async throws {
    var draw = given
    var length = 0
    var offset = 0
    for try await part in replies {
      switch part {
      case .head(var head):
        if head.status.code < 200 { continue }
        try await beforeReply(draw, client)
        length = isHead ? 0 : Self.length(head.headers)
        if draw.fault == .corruptReplyBody, !proxy.corrupts(head.headers) { draw.fault = nil }
        if draw.fault == .corruptReplyHeader { corrupt(&head, draw) }
        head.version = .http1_1
        head.headers.remove(name: "Connection")
        if isHead {
          // Else the encoder would end a body in pieces that there is not.
          head.headers.remove(name: "Transfer-Encoding")
          if !head.headers.contains(name: "Content-Length") { head.headers.add(name: "Content-Length", value: "0") }
        }
        try await client.write(.head(head))
      case .body(let bytes):
        let end = offset + bytes.readableBytes
        // Of a body in pieces the first is as good as any.
        let position = length > 0 ? Int(draw.fraction * Double(length)) : 0
        if offset <= position, position < end {
          try await damage(bytes, at: position - offset, draw, client)
        } else {
          try await client.write(.body(.byteBuffer(bytes)))
        }
        offset = end
      case .end:
        try await client.write(.end(nil))
        return
      }
    }
    throw Cut()
  }

  private func beforeReply(_ draw: ProxyPlan.Draw, _ client: Client) async throws {
    switch draw.fault {
    case .cutBeforeReply: try cut(.cutBeforeReply, isReset: draw.word & 1 == 0)
    case .fail500AfterEffect:
      proxy.happened(.fail500AfterEffect)
      try await write(500, "InternalError", client)
      throw Cut()
    default: break
    }
  }

  private func damage(_ given: ByteBuffer, at offset: Int, _ draw: ProxyPlan.Draw, _ client: Client) async throws {
    var bytes = given
    switch draw.fault {
    case .cutReplyBody, .truncateReply:
      if let first = bytes.readSlice(length: offset) { try await client.write(.body(.byteBuffer(first))) }
      try cut(draw.fault!, isReset: draw.fault == .cutReplyBody)
    case .stallReply:
      if let first = bytes.readSlice(length: offset) { try await client.write(.body(.byteBuffer(first))) }
      try await happened(.stallReply, pause: draw.pause)
    case .corruptReplyBody:
      Self.flip(&bytes, at: offset, draw.word)
      proxy.happened(.corruptReplyBody)
    default: break
    }
    try await client.write(.body(.byteBuffer(bytes)))
  }

  private func answer(
    _ status: Int, _ code: String, _ fault: ProxyFault, _ requests: inout Requests, _ client: Client
  ) async throws {
    while let part = try await requests.next() {
      if case .end = part { break }
    }
    proxy.happened(fault)
    try await write(status, code, client)
  }

  private func write(_ status: Int, _ code: String, _ client: Client) async throws {
    let body = ByteBuffer(string: "<Error><Code>\(code)</Code><Message>The proxy says so.</Message></Error>")
    let headers: HTTPHeaders = ["Content-Length": "\(body.readableBytes)", "Content-Type": "application/xml"]
    try await client.write(
      .head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)))
    try await client.write(.body(.byteBuffer(body)))
    try await client.write(.end(nil))
  }

  // MARK: Requests that land late

  private struct Late {
    var head: HTTPRequestHead
    var body: [ByteBuffer]
    var pause: Duration
  }

  private func collect(_ head: HTTPRequestHead, _ requests: inout Requests, _ pause: Duration) async throws -> Late {
    var late = Late(head: head, body: [], pause: pause)
    while let part = try await requests.next() {
      if case .body(let bytes) = part { late.body.append(bytes) }
      if case .end = part { return late }
    }
    throw Cut()
  }

  private func land(_ late: Late) async {
    proxy.happened(.landLate)
    proxy.waitsToLand(1)
    defer { proxy.waitsToLand(-1) }
    do {
      try await Task.sleep(for: late.pause)
      let server = try await proxy.connect()
      try await server.executeThenClose { replies, outbound in
        try await outbound.write(.head(late.head))
        for bytes in late.body { try await outbound.write(.body(.byteBuffer(bytes))) }
        try await outbound.write(.end(nil))
        for try await part in replies {
          if case .end = part { return }
        }
      }
    } catch {}
  }

  // MARK: Tools

  private func cut(_ fault: ProxyFault, isReset: Bool = false) throws {
    proxy.happened(fault)
    throw Cut(isReset: isReset)
  }

  private func happened(_ fault: ProxyFault, pause: Duration) async throws {
    proxy.happened(fault)
    try await Task.sleep(for: pause)
  }

  private static func length(_ headers: HTTPHeaders) -> Int {
    headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
  }

  private static func flip(_ bytes: inout ByteBuffer, at offset: Int, _ word: UInt64) {
    let index = bytes.readerIndex + min(offset, bytes.readableBytes - 1)
    guard let byte: UInt8 = bytes.getInteger(at: index) else { return }
    // Not to a control character or beyond ASCII only: text stays text now and then.
    bytes.setInteger(byte ^ UInt8(1 << (word % 5)), at: index)
  }

  private func corrupt(_ head: inout HTTPRequestHead, _ draw: ProxyPlan.Draw) {
    let signed = ["if-match", "if-none-match", "x-amz-meta-mtime", "x-amz-content-sha256", "x-amz-date"]
    if change(&head.headers, signed, draw) { proxy.happened(.corruptRequestHeader) }
  }

  private func corrupt(_ head: inout HTTPResponseHead, _ draw: ProxyPlan.Draw) {
    let checked = ["etag", "x-amz-checksum-crc64nvme", "content-range", "last-modified"]
    if change(&head.headers, checked, draw) { proxy.happened(.corruptReplyHeader) }
  }

  /// Changes a letter or digit of one of these headers to another of its kind.
  private func change(_ headers: inout HTTPHeaders, _ names: [String], _ draw: ProxyPlan.Draw) -> Bool {
    let present = names.filter { headers.contains(name: $0) }
    guard !present.isEmpty else { return false }
    let name = present[Int(draw.word % UInt64(present.count))]
    guard var value = headers.first(name: name).map({ Array($0.utf8) }) else { return false }
    let places = value.indices.filter { value[$0] >= UInt8(ascii: "0") && value[$0] <= UInt8(ascii: "9") }
    guard !places.isEmpty else { return false }
    let place = places[Int(draw.fraction * Double(places.count))]
    value[place] = UInt8(ascii: "0") + (value[place] - UInt8(ascii: "0") + 1 + UInt8(draw.word >> 32 & 7)) % 10
    headers.replaceOrAdd(name: name, value: String(decoding: value, as: UTF8.self))
    return true
  }
}
