import NIOCore
import Testing

@testable import EmbeddedS3

@Suite struct AWSChunkedDecoderTests {
  /// However the bytes are cut, the same events come out.
  @Test(arguments: [1, 2, 3, 7, 1000]) func cutAnywhere(size: Int) throws {
    let body = Array("5;chunk-signature=ab\r\nhello\r\n1\r\n!\r\n0\r\nx-a: 1\r\nX-B:2\r\n\r\n".utf8)
    var decoder = AWSChunkedDecoder()
    var data = ""
    var notes: [String] = []
    for start in stride(from: 0, to: body.count, by: size) {
      decoder.feed(ByteBuffer(bytes: body[start..<min(start + size, body.count)]))
      while let event = try decoder.next() {
        switch event {
        case .chunkStart(let size, let signature): notes.append("start \(size) \(signature ?? "-")")
        case .data(let buffer): data += String(buffer: buffer)
        case .chunkEnd: notes.append("end")
        case .trailer(let name, let value): notes.append("\(name)=\(value)")
        case .end: notes.append("done")
        }
      }
    }
    #expect(data == "hello!")
    #expect(notes == ["start 5 ab", "end", "start 1 -", "end", "start 0 -", "x-a=1", "x-b=2", "done"])
  }

  @Test(arguments: ["x\r\n", "-1\r\n", "2\r\nabc\r\n", "\r\n"]) func nonsense(_ text: String) {
    var decoder = AWSChunkedDecoder()
    decoder.feed(ByteBuffer(string: text))
    #expect(throws: S3Error.self) { while try decoder.next() != nil {} }
  }
}

@Suite struct ByteRangeTests {
  @Test(arguments: [
    ("bytes=0-0", 10, 0..<1), ("bytes=2-5", 10, 2..<6), ("bytes=7-", 10, 7..<10), ("bytes=-3", 10, 7..<10),
    ("bytes=-30", 10, 0..<10), ("bytes=8-99", 10, 8..<10), ("bytes=10-", 10, nil), ("bytes=-0", 10, nil),
    ("bytes=0-", 0, nil), ("bytes=-1", 0, nil), ("bytes=0-9223372036854775807", 10, 0..<10),
  ]) func resolves(_ header: String, _ size: Int, _ wanted: Range<Int>?) throws {
    #expect(try #require(ByteRange(header)).resolve(size: size) == wanted)
  }

  @Test(arguments: ["bytes=5-2", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-2,4-5", "lines=1-2", "bytes=1-x", ""])
  func ignored(_ header: String) {
    #expect(ByteRange(header) == nil)
  }
}
