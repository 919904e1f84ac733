import NIOCore

/// Decodes `aws-chunked` bodies: `SIZE[;chunk-signature=HEX]` CRLF data CRLF, …, a chunk of size 0, trailer lines.
///
/// A pure state machine: feed it buffers, it returns what they contain.
struct AWSChunkedDecoder {
  enum Event {
    case chunkStart(size: Int, signature: String?)
    case data(ByteBuffer)
    case chunkEnd
    case trailer(name: String, value: String)
    case end
  }

  /// Far above any real chunk header or trailer.
  private static let maximumLineLength = 16 << 10

  private enum State {
    case header
    case data(remaining: Int)
    case dataEnd
    case trailer
    case end
  }

  private var state = State.header
  private var pending = ByteBuffer()

  /// Appends bytes of the body.
  mutating func feed(_ buffer: ByteBuffer) {
    if self.pending.readableBytes == 0 {
      self.pending = buffer
    } else {
      self.pending.discardReadBytes()
      var buffer = buffer
      self.pending.writeBuffer(&buffer)
    }
  }

  /// The next event, nil when more bytes are needed.
  mutating func next() throws -> Event? {
    switch self.state {
    case .header:
      guard let line = try self.readLine() else { return nil }
      let fields = line.split(separator: ";", maxSplits: 1)
      guard let first = fields.first, let size = Int(first, radix: 16), size >= 0 else { throw S3Error.incompleteBody }
      let signature = fields.dropFirst().first.flatMap { field in
        field.hasPrefix("chunk-signature=") ? String(field.dropFirst("chunk-signature=".count)) : nil
      }
      self.state = size == 0 ? .trailer : .data(remaining: size)
      return .chunkStart(size: size, signature: signature)
    case .data(let remaining):
      guard let slice = self.pending.readSlice(length: min(remaining, self.pending.readableBytes)),
        slice.readableBytes > 0
      else { return nil }
      self.state = slice.readableBytes == remaining ? .dataEnd : .data(remaining: remaining - slice.readableBytes)
      return .data(slice)
    case .dataEnd:
      guard self.pending.readableBytes >= 2 else { return nil }
      guard self.pending.readString(length: 2) == "\r\n" else { throw S3Error.incompleteBody }
      self.state = .header
      return .chunkEnd
    case .trailer:
      guard let line = try self.readLine() else { return nil }
      guard !line.isEmpty else {
        self.state = .end
        return .end
      }
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      return .trailer(
        name: line[..<colon].lowercased(), value: String(line[colon...].dropFirst().trimming { $0 == " " }))
    case .end:
      return nil
    }
  }

  private mutating func readLine() throws -> String? {
    let view = self.pending.readableBytesView
    guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else {
      guard view.count < Self.maximumLineLength else { throw S3Error.incompleteBody }
      return nil
    }
    let line = self.pending.readString(length: end - view.startIndex + 1) ?? ""
    return String(line.utf8.dropLast().reversed().drop { $0 == 13 }.reversed().map { Character(Unicode.Scalar($0)) })
  }
}
