import AWSKit
import Checksums
import Foundation
import Testing

extension FuzzTests {
  private struct QuoteVector: Decodable {
    var text: String
    var path: String
    var query: String
  }

  /// Python's `urllib.parse.quote`, by which botocore encodes keys.
  @Test func keysAsPythonEncodesThem() throws {
    let vectors = try Vectors.load("quote", as: [QuoteVector].self)
    #expect(vectors.count >= 200)
    for vector in vectors {
      #expect(URIEncoding.path(vector.text) == vector.path)
      #expect(URIEncoding.query(vector.text) == vector.query)
    }
  }

  /// Percent-encoding, base64 and hex lead back to the bytes; base64 is Foundation's.
  @Test func encodings() throws {
    let fuzzer = Fuzzer(
      target: "encodings", seeds: ["a%20b+c/%C3%BC", "YWJj", "YQ==", "YWI=", "00ff", "%2e%2E/"],
      tokens: ["%", "%2", "%g0", "=", "==", "+", "/", "-", "_", "\n"])
    try fuzzer.run { input in
      let text = String(decoding: input, as: UTF8.self)
      for keepsSlash in [false, true] {
        let encoded = URIEncoding.encode(input, keepingSlash: keepsSlash)
        try require(URIEncoding.decode(encoded.utf8) == input, "\(encoded) decodes to other bytes")
      }
      if let canonical = URIEncoding.canonicalPath(text) {
        try require(URIEncoding.canonicalPath(canonical) == canonical, "\(canonical) is not canonical")
      }
      try require(Base64.encode(input) == Data(input).base64EncodedString(), "base64 differs from Foundation's")
      try require(Base64.decode(Base64.encode(input)) == input, "base64 does not lead back")
      try require(Hex.decode(Hex.encode(input)) == input, "hex does not lead back")
      if let bytes = Base64.decode(text) {
        try require(Base64.encode(bytes).utf8.elementsEqual(text.utf8), "base64 that is not canonical is taken")
        try require(Data(base64Encoded: text).map(Array.init) == bytes, "Foundation decodes it otherwise")
      }
      if let number = UInt64(awsBase64: text) { try require(number.awsBase64 == text, "a number reads back otherwise") }
    }
  }
}
