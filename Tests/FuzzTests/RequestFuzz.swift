import HTTPTypes
import NIOCore
import Testing

@testable import EmbeddedS3

extension FuzzTests {
  /// A request's head, as a text: method and target in the first line, then the headers.
  @Test func requests() throws {
    let authorization =
      "authorization: AWS4-HMAC-SHA256 Credential=key/20261120/eu-west-1/s3/aws4_request,SignedHeaders=host;x-amz-date,"
      + "Signature=00\nx-amz-date: 20261120T232132Z\nx-amz-content-sha256: UNSIGNED-PAYLOAD\n"
    let fuzzer = Fuzzer(
      target: "requests",
      seeds: [
        "PUT /bucket/a%20b/%C3%BC?partNumber=1&uploadId=u\nhost: h:1\n\(authorization)content-length: 5\n",
        "GET /?list-type=2&prefix=a%2F&max-keys=7&encoding-type=url\nhost: b.localhost:80\nrange: bytes=0-5\n",
        "PUT /b/k\nx-amz-copy-source: /b/k%3F?versionId=v\nx-amz-copy-source-if-match: \"e\", *\nx-amz-tagging: a=b&c\n",
        "POST /b?delete\ncontent-md5: AAAAAAAAAAAAAAAAAAAAAA==\nx-amz-trailer: x-amz-checksum-crc32\n",
        "GET /b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=key%2F20261120%2Fr%2Fs3%2Faws4_request&X-Amz-Date="
          + "20261120T232132Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00\nhost: h\n",
        "PUT /b/k\nx-amz-checksum-crc64nvme: AAAAAAAAAAA=\ncontent-encoding: gzip, aws-chunked\nx-amz-meta-a: b\n",
      ],
      tokens: [
        "%", "%2F", "%00", "%ff", "/", "//", "..", "?", "&", "=", "+", "\n", ": ", ",", ";", ".localhost", "bytes=-",
        "bytes=5-2", "bytes=9223372036854775807-", "\"", "*", "0000", "X-Amz-Expires=-1", "AWS4-HMAC-SHA256 ",
        "/aws4_request",
      ], shortRuns: 2_000)
    let verifier = SignatureVerifier(
      EmbeddedS3Configuration(credentials: [EmbeddedS3Credentials(accessKeyID: "key", secretAccessKey: "secret")]))
    try fuzzer.run { input in
      guard let head = Self.head(String(decoding: input, as: UTF8.self)) else { return }
      let request: S3Request
      do { request = try S3Request(head) } catch { return try require(error is S3Error, "\(error)") }
      try require(request.key?.bytes.count ?? 1 <= 1_024, "a key that is too long")
      try require(request.key.map { String(validating: $0.bytes, as: UTF8.self) != nil } ?? true, "a key not in UTF-8")
      func refusesInOrder(_ body: () throws -> Void) throws {
        do { try body() } catch { try require(error is S3Error, "\(error)") }
      }
      try refusesInOrder { _ = try S3Operation(request) }
      try refusesInOrder { _ = try verifier.verify(request, region: "eu-west-1", now: 1_795_216_892) }
      try refusesInOrder { _ = try CopySource(request) }
      try refusesInOrder { _ = try DeclaredChecksums(request) }
      try refusesInOrder { _ = try ObjectHeaders(request).replyHeaders }
      try refusesInOrder { try Tag.check(try Tag.list(header: request.header("x-amz-tagging"))) }
      try refusesInOrder { _ = try request.integer("max-keys", default: 5, in: 0...1_000) }
      if let range = request.header("range").flatMap(ByteRange.init) {
        for size in [0, 1, 10, Int.max] {
          guard let bytes = range.resolve(size: size) else { continue }
          try require(!bytes.isEmpty && bytes.lowerBound >= 0 && bytes.upperBound <= size, "\(bytes) of \(size)")
        }
      }
    }
  }

  /// Nil for what the HTTP layer refuses by itself.
  private static func head(_ text: String) -> HTTPRequest? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let words = lines[0].split(separator: " ", maxSplits: 1)
    guard words.count == 2, let method = HTTPRequest.Method(rawValue: String(words[0])) else { return nil }
    var head = HTTPRequest(method: method, scheme: "http", authority: nil, path: String(words[1]))
    for line in lines.dropFirst() {
      let field = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard field.count == 2, let name = HTTPField.Name(String(field[0])) else { continue }
      head.headerFields.append(HTTPField(name: name, value: String(field[1].drop { $0 == " " })))
    }
    return head
  }
}
