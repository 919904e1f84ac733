import Checksums
import HTTPTypes

/// What a client says about its body: `Content-MD5`, and at most one additional checksum in a header or trailer.
struct DeclaredChecksums {
  private(set) var algorithm: ChecksumAlgorithm?
  private(set) var trailer: ChecksumAlgorithm?
  private var value: String?
  private var md5: String?

  /// Nothing is said.
  init() {}

  init(_ request: S3Request) throws {
    self.md5 = request.header("content-md5")
    let declared = ChecksumAlgorithm.allCases.filter { request.header($0.header) != nil }
    guard declared.count <= 1 else {
      throw S3Error.invalidRequest(
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
    }
    self.algorithm = declared.first
    self.value = declared.first.flatMap { request.header($0.header) }
    if let name = request.header("x-amz-trailer") {
      self.trailer = ChecksumAlgorithm.allCases.first { $0.header == name.lowercased() }
      guard self.trailer != nil else {
        throw S3Error.invalidRequest("The value specified in the x-amz-trailer header is not supported")
      }
    }
    if let value, let algorithm = self.algorithm {
      guard Base64.decode(value)?.count == Base64.decode(ChecksumDigest(algorithm).base64)?.count else {
        throw S3Error.invalidRequest("Value for \(algorithm.header) header is invalid.")
      }
    }
    if let md5, Base64.decode(md5)?.count != 16 {
      throw S3Error(.badRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.", [("Content-MD5", md5)])
    }
  }

  /// Throws when the body is not what the client said. Returns the additional checksum.
  func verify(
    _ actual: BodyChecksums, trailers: [(name: String, value: String)]
  ) throws -> (algorithm: ChecksumAlgorithm, value: String)? {
    if let md5, md5 != Base64.encode(actual.md5) {
      throw S3Error(
        .badRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.",
        [("ExpectedDigest", md5), ("CalculatedDigest", Base64.encode(actual.md5))])
    }
    var declared = self.algorithm.flatMap { algorithm in self.value.map { (algorithm, $0) } }
    if let trailer {
      guard let value = trailers.first(where: { $0.name == trailer.header })?.value else {
        throw S3Error(
          .badRequest, "MalformedTrailerError",
          "The request contained trailing data that was not well-formed or did not conform to our published schema.")
      }
      declared = (trailer, value)
    }
    guard let (algorithm, value) = declared else { return nil }
    guard actual.base64[algorithm] == value else {
      throw S3Error(
        .badRequest, "BadDigest",
        "The \(algorithm.rawValue) you specified did not match the calculated checksum.")
    }
    return (algorithm, value)
  }
}
