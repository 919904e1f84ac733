import NIOCore
import Testing

@testable import EmbeddedS3

extension FuzzTests {
  /// However an `aws-chunked` body is cut, the same comes out.
  @Test func chunked() throws {
    let fuzzer = Fuzzer(
      target: "chunked",
      seeds: [
        "5;chunk-signature=ab\r\nhello\r\n1\r\n!\r\n0;chunk-signature=cd\r\nx-a: 1\r\nX-B:2\r\n\r\n", "0\r\n\r\n",
        "a\r\n0123456789\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
      ], tokens: ["\r\n", "\n", "0\r\n", "7fffffffffffffff", ";chunk-signature=", ":", "-5", "+5", "fffffffff"],
      shortRuns: 1_500)
    var random = SeededRandom(7)
    try fuzzer.run { input in
      let whole = Self.events(of: [input])
      var pieces: [[UInt8]] = []
      var rest = input[...]
      while !rest.isEmpty {
        pieces.append(Array(rest.prefix(1 + random.below(6))))
        rest = rest.dropFirst(pieces.last?.count ?? 0)
      }
      let cut = Self.events(of: pieces)
      try require(whole == cut, "in one piece: \(whole)\nin \(pieces.count): \(cut)")
    }
  }

  /// Data is joined, so that it does not matter in how many pieces it came.
  private static func events(of pieces: [[UInt8]]) -> [String] {
    var decoder = AWSChunkedDecoder()
    var notes: [String] = []
    var data: [UInt8] = []
    func note(_ text: String) {
      if !data.isEmpty { notes.append("data \(data)") }
      data = []
      notes.append(text)
    }
    do {
      for piece in pieces {
        decoder.feed(ByteBuffer(bytes: piece))
        while let event = try decoder.next() {
          switch event {
          case .chunkStart(let size, let signature): note("start \(size) \(signature ?? "-")")
          case .data(let buffer): data += Array(buffer.readableBytesView)
          case .chunkEnd: note("end")
          case .trailer(let name, let value): note("\(name)=\(value)")
          case .end: note("done")
          }
        }
      }
    } catch { note("refused") }
    note("")
    return notes
  }
}
