internal import Crypto

/// An incremental digest; `finalize` ends it.
package protocol IncrementalDigest: Sendable {
  init()
  mutating func update(_ bytes: UnsafeRawBufferPointer)
  /// The digest of all bytes so far; more may follow.
  func finalize() -> [UInt8]
}

extension IncrementalDigest {
  /// The digest of one buffer.
  package static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var digest = Self()
    digest.update(bytes)
    return digest.finalize()
  }

  /// The digest of one array.
  package static func digest(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { digest($0) }
  }
}

package struct SHA256Digest: IncrementalDigest {
  private var hasher = Crypto.SHA256()

  package init() {}
  package mutating func update(_ bytes: UnsafeRawBufferPointer) { hasher.update(bufferPointer: bytes) }
  package func finalize() -> [UInt8] { Array(hasher.finalize()) }
}

package struct SHA512Digest: IncrementalDigest {
  private var hasher = Crypto.SHA512()

  package init() {}
  package mutating func update(_ bytes: UnsafeRawBufferPointer) { hasher.update(bufferPointer: bytes) }
  package func finalize() -> [UInt8] { Array(hasher.finalize()) }
}

package struct SHA1Digest: IncrementalDigest {
  private var hasher = Crypto.Insecure.SHA1()

  package init() {}
  package mutating func update(_ bytes: UnsafeRawBufferPointer) { hasher.update(bufferPointer: bytes) }
  package func finalize() -> [UInt8] { Array(hasher.finalize()) }
}

package struct MD5Digest: IncrementalDigest {
  private var hasher = Crypto.Insecure.MD5()

  package init() {}
  package mutating func update(_ bytes: UnsafeRawBufferPointer) { hasher.update(bufferPointer: bytes) }
  package func finalize() -> [UInt8] { Array(hasher.finalize()) }
}
