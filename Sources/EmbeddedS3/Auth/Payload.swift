import AWSKit

/// How a request says that its body is protected: the value of `x-amz-content-sha256`.
enum Payload: Sendable, Equatable {
  /// Hexadecimal SHA-256 of the body.
  case hash(String)
  case unsigned
  /// `aws-chunked`, the chunks signed or not, checksum trailers behind them or not.
  case chunked(isSigned: Bool, hasTrailer: Bool)

  init(header: String) throws {
    switch header {
    case SigV4.unsignedPayload: self = .unsigned
    case SigV4.streamingUnsignedPayloadTrailer: self = .chunked(isSigned: false, hasTrailer: true)
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": self = .chunked(isSigned: true, hasTrailer: false)
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": self = .chunked(isSigned: true, hasTrailer: true)
    default:
      guard header.utf8.count == 64, header.allSatisfy(\.isHexDigit) else {
        throw S3Error.invalidArgument(
          "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER,"
            + " STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
          name: "x-amz-content-sha256", value: header)
      }
      self = .hash(header.lowercased())
    }
  }
}
