import AWSKit
import Testing

@Suite struct URIEncodingTests {
  @Test(arguments: [
    ("a b+c.txt", "a%20b%2Bc.txt"), ("a/../b/./c", "a/../b/./c"), ("a//b", "a//b"), ("/lead", "/lead"),
    ("!*'();:@&=$,?#[]%25", "%21%2A%27%28%29%3B%3A%40%26%3D%24%2C%3F%23%5B%5D%2525"), ("~-_.", "~-_."),
    ("e\u{301}", "e%CC%81"), ("\u{e9}", "%C3%A9"), ("\n\u{0}", "%0A%00"),
  ])
  func path(key: String, encoded: String) throws {
    #expect(URIEncoding.path(key) == encoded)
    #expect(URIEncoding.decode(encoded.utf8) == Array(key.utf8))
    #expect(URIEncoding.canonicalPath(encoded) == encoded)
  }

  @Test func slashInAQuery() {
    #expect(URIEncoding.query("a/b c") == "a%2Fb%20c")
  }

  @Test func everyByteRoundTrips() {
    let bytes = (0...255).map { UInt8($0) }
    let encoded = URIEncoding.encode(bytes, keepingSlash: false)
    #expect(encoded.utf8.allSatisfy { $0 > 32 && $0 < 127 })
    #expect(URIEncoding.decode(encoded.utf8) == bytes)
  }

  @Test(arguments: ["%", "%4", "%zz", "a%2", "%-1", "%+f"]) func malformed(text: String) {
    #expect(URIEncoding.decode(text.utf8) == nil)
    #expect(URIEncoding.canonicalPath(text) == nil)
  }

  @Test func formRules() {
    #expect(URIEncoding.decode("a+b%2B".utf8, plusIsBlank: true) == Array("a b+".utf8))
    #expect(URIEncoding.decode("a+b%2B".utf8) == Array("a+b+".utf8))
  }

  @Test func pathsOfOtherEncodersBecomeCanonical() {
    #expect(URIEncoding.canonicalPath("/b/a(1)!%7e%c3%bc") == "/b/a%281%29%21~%C3%BC")
  }
}
