import AWSKit
import Checksums
import Crypto
import Digests

/// The chain of signatures over the chunks of a streamed body. Source: "Signature calculations for the Authorization
/// header: transferring payload in multiple chunks" of the Amazon S3 API reference.
struct ChunkSigner: Sendable {
  private let key: SymmetricKey
  private let prefix: String
  private var previous: String

  /// - Parameter seed: the signature of the request's head.
  init(key: SymmetricKey, timestamp: String, scope: SigV4Scope, seed: String) {
    self.key = key
    self.prefix = "\(timestamp)\n\(scope.text)"
    self.previous = seed
  }

  /// The signature that the next chunk must have.
  mutating func sign(chunkHash: [UInt8]) -> String {
    self.next(
      "AWS4-HMAC-SHA256-PAYLOAD\n\(self.prefix)\n\(self.previous)\n\(SigV4.emptyPayloadHash)\n"
        + Hex.encode(chunkHash))
  }

  /// The signature that the trailer must have.
  mutating func sign(trailers: [(name: String, value: String)]) -> String {
    let canonical = trailers.map { "\($0.name):\($0.value)\n" }.joined()
    return self.next(
      "AWS4-HMAC-SHA256-TRAILER\n\(self.prefix)\n\(self.previous)\n"
        + Hex.encode(SHA256Digest.digest(Array(canonical.utf8))))
  }

  private mutating func next(_ stringToSign: String) -> String {
    self.previous = SigV4.signature(stringToSign: stringToSign, signingKey: self.key)
    return self.previous
  }
}
