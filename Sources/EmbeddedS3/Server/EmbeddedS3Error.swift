import HTTPTypes

/// A failure of the server itself, as against an error reply to a client.
package struct EmbeddedS3Error: Error, CustomStringConvertible {
  private enum Code {
    case damagedData
    case notListening
  }

  private let code: Code
  package let message: String
  package let cause: (any Error)?

  static func damagedData(_ message: String, cause: any Error) -> EmbeddedS3Error {
    EmbeddedS3Error(code: .damagedData, message: message, cause: cause)
  }

  static func notListening(_ address: String, cause: (any Error)? = nil) -> EmbeddedS3Error {
    EmbeddedS3Error(code: .notListening, message: "cannot listen on \(address)", cause: cause)
  }

  package var description: String { self.cause.map { "\(self.message): \($0)" } ?? self.message }
}
