import AWSKit
import Foundation
import Testing

private struct VectorFile: Decodable {
  struct Credentials: Decodable {
    var accessKeyId: String
    var secretAccessKey: String
  }

  var credentials: Credentials
  var region: String
  var service: String
  var headersNeverSigned: [String]
  var vectors: [Vector]
  var awsDocumentationVectors: [Vector]

  static let shared: VectorFile = {
    let url = Bundle.module.url(forResource: "sigv4-vectors", withExtension: "json", subdirectory: "Vectors")!
    // A broken file is a broken checkout; every test of this suite would fail.
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try! decoder.decode(VectorFile.self, from: Data(contentsOf: url))
  }()
}

struct Vector: Decodable, Sendable, CustomTestStringConvertible {
  var name: String
  var accessKeyId: String?
  var secretAccessKey: String?
  var region: String?
  var method: String
  var url: String
  var requestHeadersBeforeSigning: [String: String]
  var headersAdded: [String: String]
  var canonicalRequest: String
  var stringToSign: String
  var signature: String
  var authorization: String

  var testDescription: String { name }

  /// Cut by hand: a URL type might normalise.
  var parts: (host: String, path: String, query: String) {
    let rest = url.dropFirst("https://".count)
    let host = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(host.count).prefix { $0 != "?" }
    return (String(host), String(path), String(rest.dropFirst(host.count + path.count).dropFirst()))
  }

  var headers: [(name: String, value: String)] {
    (requestHeadersBeforeSigning.merging(headersAdded) { $1 }).map { ($0.key, $0.value) } + [("Host", parts.host)]
  }
}

@Suite struct SigV4Tests {
  private static let file = VectorFile.shared
  static let vectors = file.vectors + file.awsDocumentationVectors

  @Test func allVectorsAreThere() {
    #expect(Self.file.vectors.count == 18)
    #expect(Self.file.awsDocumentationVectors.count == 3)
    #expect(Set(Self.file.headersNeverSigned) == SigV4.neverSigned)
  }

  @Test(arguments: vectors) func canonicalRequest(vector: Vector) throws {
    let payloadHash = try #require(vector.headersAdded["X-Amz-Content-SHA256"])
    let request = SigV4.canonicalRequest(
      method: vector.method, path: vector.parts.path, query: vector.parts.query, headers: vector.headers,
      payloadHash: payloadHash)
    #expect(request.text == vector.canonicalRequest)
  }

  @Test(arguments: vectors) func signer(vector: Vector) throws {
    let credentials = AWSCredentials(
      accessKeyID: vector.accessKeyId ?? Self.file.credentials.accessKeyId,
      secretAccessKey: vector.secretAccessKey ?? Self.file.credentials.secretAccessKey)
    let signer = SigV4Signer(service: Self.file.service)
    // Twice: the second time with the cached key.
    for _ in 0..<2 {
      let authorization = signer.authorization(
        method: vector.method, path: vector.parts.path, query: vector.parts.query, headers: vector.headers,
        payloadHash: try #require(vector.headersAdded["X-Amz-Content-SHA256"]), credentials: credentials,
        region: vector.region ?? Self.file.region, timestamp: try #require(vector.headersAdded["X-Amz-Date"]))
      #expect(authorization == vector.authorization)
    }
  }

  /// What a server does: the header is parsed, the request signed again with what the header names.
  @Test(arguments: vectors) func verification(vector: Vector) throws {
    let header = try #require(SigV4Authorization(header: vector.authorization))
    let extra = [("X-Forwarded-For", "10.0.0.1"), ("Accept-Encoding", "gzip")]
    let request = SigV4.canonicalRequest(
      method: vector.method, path: try #require(URIEncoding.canonicalPath(vector.parts.path)),
      query: vector.parts.query, headers: vector.headers + extra, signedHeaders: header.signedHeaders,
      payloadHash: try #require(vector.headersAdded["X-Amz-Content-SHA256"]))
    let timestamp = try #require(vector.headersAdded["X-Amz-Date"])
    let text = SigV4.stringToSign(canonicalRequest: request.text, timestamp: timestamp, scope: header.scope)
    #expect(text == vector.stringToSign)
    let key = SigV4.signingKey(
      secretAccessKey: vector.secretAccessKey ?? Self.file.credentials.secretAccessKey, scope: header.scope)
    #expect(SigV4.signature(stringToSign: text, signingKey: key) == header.signature)
  }

  @Test func signingKeysOfSeveralRegionsDoNotMix() {
    let signer = SigV4Signer(service: "s3")
    func sign(_ region: String, _ secret: String) -> String {
      signer.authorization(
        method: "GET", path: "/", query: "", headers: [("host", "h")], payloadHash: SigV4.emptyPayloadHash,
        credentials: AWSCredentials(accessKeyID: "A", secretAccessKey: secret), region: region,
        timestamp: "20240524T000000Z")
    }
    let first = sign("r1", "s1")
    let others = [sign("r2", "s1"), sign("r1", "s2"), sign("r3", "s1"), sign("r4", "s1"), sign("r5", "s1")]
    #expect(!others.contains(first))
    #expect(sign("r1", "s1") == first)
  }

  @Test func repeatedHeadersAreJoined() {
    let request = SigV4.canonicalRequest(
      method: "GET", path: "/", query: "",
      headers: [("x-amz-meta-a", "2"), ("host", "h"), ("X-Amz-Meta-A", "  1\t 3 ")], payloadHash: "h")
    #expect(request.text == "GET\n/\n\nhost:h\nx-amz-meta-a:2,1 3\n\nhost;x-amz-meta-a\nh")
  }

  @Test(arguments: [
    ("b=2&a=1", "a=1&b=2"), ("a=b=c", "a=b%3Dc"), ("a&b=", "a=&b="), ("", ""), ("a=%7e%2f", "a=~%2F"),
    ("a=+", "a=%2B"), ("a=%zz", "a=%25zz"), ("k=2&k=1&k", "k=&k=1&k=2"), ("%41=1&A-=0", "A=1&A-=0"),
  ])
  func canonicalQuery(raw: String, canonical: String) {
    #expect(SigV4.canonicalQuery(raw) == canonical)
  }

  @Test(arguments: [
    "", "AWS4-HMAC-SHA256", "Basic abc", "AWS4-HMAC-SHA256 Credential=A/20240524/r/s3/aws4_request",
    "AWS4-HMAC-SHA256 Credential=A/20240524/r/s3, SignedHeaders=host, Signature=00",
    "AWS4-HMAC-SHA256 Credential=A/20240524/r/s3/other, SignedHeaders=host, Signature=00",
  ])
  func malformedAuthorization(header: String) {
    #expect(SigV4Authorization(header: header) == nil)
  }

  @Test func accessKeyWithSlashesAndNoBlanks() throws {
    let header = try #require(
      SigV4Authorization(
        header: "AWS4-HMAC-SHA256 Credential=a/b/20240524/r/s3/aws4_request,SignedHeaders=host;x-a,Signature=00"))
    #expect(header.accessKeyID == "a/b")
    #expect(header.scope == SigV4Scope(date: "20240524", region: "r", service: "s3"))
    #expect(header.signedHeaders == ["host", "x-a"])
  }
}
