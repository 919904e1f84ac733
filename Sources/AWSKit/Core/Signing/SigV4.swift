internal import Checksums
package import Crypto

/// Signature version 4 in the form that S3 takes: the path is encoded once and not normalised.
///
/// The steps are apart, so that a server can verify with the same functions. Source: "Signature Calculations for
/// the Authorization Header" of the Amazon S3 API reference.
package enum SigV4 {
  package static let algorithm = "AWS4-HMAC-SHA256"
  package static let unsignedPayload = "UNSIGNED-PAYLOAD"
  package static let streamingUnsignedPayloadTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
  package static let emptyPayloadHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  /// Headers that proxies and HTTP libraries change or add after signing (botocore's list).
  package static let neverSigned: Set<String> = [
    "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
  ]

  package struct CanonicalRequest: Sendable {
    package let text: String
    /// `host;x-amz-content-sha256;x-amz-date`.
    package let signedHeaders: String
  }

  /// - Parameters:
  ///   - path: percent-encoded; a verifier of foreign clients passes it through `URIEncoding.canonicalPath` first.
  ///   - query: as sent, without `?`, in any order and encoding.
  ///   - headers: as sent, names in any case; `host` among them, without a default port.
  ///   - signedHeaders: lower-case names; nil: all of `headers` but ``neverSigned``.
  ///   - payloadHash: lower-case hex SHA-256, or one of the constants above.
  package static func canonicalRequest(
    method: String, path: String, query: String, headers: [(name: String, value: String)],
    signedHeaders: Set<String>? = nil, payloadHash: String
  ) -> CanonicalRequest {
    var signed: [(name: String, value: String)] = []
    signed.reserveCapacity(headers.count)
    for header in headers {
      let name = header.name.lowercased()
      guard signedHeaders?.contains(name) ?? !neverSigned.contains(name) else { continue }
      signed.append((name, trimmed(header.value)))
    }
    // Stable: repeated headers keep their order and are joined by commas.
    signed = signed.enumerated().sorted { ($0.element.name, $0.offset) < ($1.element.name, $1.offset) }.map(\.element)

    var text = "\(method)\n\(path)\n\(canonicalQuery(query))\n"
    var names = ""
    var previous: String?
    for (name, value) in signed {
      if name == previous {
        text.removeLast()
        text += ",\(value)\n"
        continue
      }
      text += "\(name):\(value)\n"
      names += names.isEmpty ? name : ";\(name)"
      previous = name
    }
    text += "\n\(names)\n\(payloadHash)"
    return CanonicalRequest(text: text, signedHeaders: names)
  }

  /// Parameters sorted by encoded name, then value; a parameter without value becomes `name=`.
  package static func canonicalQuery(_ query: String) -> String {
    guard !query.isEmpty else { return "" }
    return query.utf8.split(separator: UInt8(ascii: "&")).map { parameter in
      let equals = parameter.firstIndex(of: UInt8(ascii: "=")) ?? parameter.endIndex
      return (canonical(parameter[..<equals]), canonical(parameter[equals...].dropFirst()))
    }
    .sorted { $0 < $1 }
    .map { "\($0)=\($1)" }
    .joined(separator: "&")
  }

  /// - Parameter timestamp: the `X-Amz-Date` of the request.
  package static func stringToSign(canonicalRequest: String, timestamp: String, scope: SigV4Scope) -> String {
    let hash = Hex.encode(Crypto.SHA256.hash(data: Array(canonicalRequest.utf8)))
    return "\(algorithm)\n\(timestamp)\n\(scope.text)\n\(hash)"
  }

  /// The key of a day, region and service; worth keeping, it costs four HMACs.
  package static func signingKey(secretAccessKey: String, scope: SigV4Scope) -> SymmetricKey {
    var key = SymmetricKey(data: Array("AWS4\(secretAccessKey)".utf8))
    for part in [scope.date, scope.region, scope.service, "aws4_request"] {
      key = SymmetricKey(data: Crypto.HMAC<Crypto.SHA256>.authenticationCode(for: Array(part.utf8), using: key))
    }
    return key
  }

  /// Lower-case hex.
  package static func signature(stringToSign: String, signingKey: SymmetricKey) -> String {
    Hex.encode(Crypto.HMAC<Crypto.SHA256>.authenticationCode(for: Array(stringToSign.utf8), using: signingKey))
  }

  package static func authorization(
    accessKeyID: String, scope: SigV4Scope, signedHeaders: String, signature: String
  ) -> String {
    "\(algorithm) Credential=\(accessKeyID)/\(scope.text), SignedHeaders=\(signedHeaders), Signature=\(signature)"
  }

  private static func canonical(_ encoded: some Sequence<UInt8>) -> String {
    // A malformed escape is taken literally: the receiver refuses it, whatever the signature says.
    URIEncoding.encode(URIEncoding.decode(encoded) ?? Array(encoded), keepingSlash: false)
  }

  /// Blanks and tabs at the ends removed, inner runs of them collapsed to one blank.
  private static func trimmed(_ value: String) -> String {
    let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let utf8 = value.utf8
    var needsWork = false
    var previousIsBlank = true
    for byte in utf8 {
      let blank = isBlank(byte)
      if blank && (previousIsBlank || byte == UInt8(ascii: "\t")) { needsWork = true }
      previousIsBlank = blank
    }
    guard needsWork || (previousIsBlank && !value.isEmpty) else { return value }
    return utf8.split(whereSeparator: isBlank).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
  }
}
