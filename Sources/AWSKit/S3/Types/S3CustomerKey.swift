internal import Checksums
internal import Digests

/// A key of the customer's own, which S3 encrypts an object with and then forgets (SSE-C, AES-256).
///
/// Its text never shows in descriptions.
public struct S3CustomerKey: Hashable, Sendable {
  /// Bytes.
  public static let length = 32

  private let bytes: [UInt8]

  /// - Parameter bytes: 32; nil for any other number.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.length else { return nil }
    self.bytes = bytes
  }

  /// - Parameter scope: empty for the object itself, `copy-source-` for the source of a copy.
  func headers(scope: String = "") -> [(name: String, value: String)] {
    let name = "x-amz-\(scope)server-side-encryption-customer"
    return [
      ("\(name)-algorithm", "AES256"), ("\(name)-key", Base64.encode(bytes)),
      ("\(name)-key-MD5", Base64.encode(MD5Digest.digest(bytes))),
    ]
  }
}

extension S3CustomerKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "S3CustomerKey(hidden)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
