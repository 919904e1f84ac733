import SyncModel
import Testing

@testable import AWSKit

extension FuzzTests {
  /// A location is refused, or reads back from its own text.
  @Test func locations() throws {
    let fuzzer = Fuzzer(
      target: "locations",
      seeds: [
        "s3://b", "s3://b/p/q", "s3://b//", "s3://arn:aws:s3:eu-west-1:1:accesspoint/ap/p", "S3://b",
        "s3://arn:aws:s3:r:1:accesspoint:ap/x",
      ], tokens: ["s3://", "/", ":", "arn:", ":accesspoint", "\u{301}"])
    try fuzzer.run { input in
      let text = String(decoding: input, as: UTF8.self)
      guard let location = try? S3Location(parsing: text) else { return }
      try require(!location.bucket.isEmpty, "no bucket")
      try require(location.prefix.isEmpty || location.prefix.utf8.last == UInt8(ascii: "/"), "a prefix without slash")
      let again = try S3Location(parsing: location.description)
      try require(
        again.bucket.utf8.elementsEqual(location.bucket.utf8) && again.prefix.utf8.elementsEqual(location.prefix.utf8),
        "\(location) reads back as \(again)")
      let mapping = KeyMapping(prefix: location.prefix)
      try require(mapping.prefix.utf8.elementsEqual(location.prefix.utf8), "the mapping has another prefix")
    }
  }

  /// An endpoint's URL is refused, or reads back from its own text; a password is never shown.
  @Test func endpoints() throws {
    let fuzzer = Fuzzer(
      target: "endpoints",
      seeds: ["http://127.0.0.1:9000", "https://h.example/base/", "http://[::1]:80/x", "https://user:secret@h"],
      tokens: ["http://", "https://", ":", "@", "[", "]", "/", "?", "#", ":0", ":65536", "%2F", "\\"])
    try fuzzer.run { input in
      let text = String(decoding: input, as: UTF8.self)
      do {
        let endpoint = try CustomEndpoint(url: text)
        try require(!endpoint.host.isEmpty, "no host")
        let again = try CustomEndpoint(url: endpoint.url)
        try require(again == endpoint, "\(endpoint.url) reads back as \(again)")
        _ = try? S3Endpoint(url: text, region: "r").address(bucket: "bucket", region: nil).path(encodedKey: "k")
      } catch let error as S3Error {
        guard let at = text.firstIndex(of: "@"), text.hasPrefix("https://user:"), text[..<at].hasSuffix("secret") else {
          return
        }
        try require(!error.message.contains("secret"), "the message shows a password: \(error.message)")
      }
    }
  }
}
