internal import CChecksums

/// The checksum of IEEE 802.3; the AWS CLI v1 gives it to what it uploads.
package struct CRC32: Sendable {
  private var register = UInt32.max

  package init() {}

  package var value: UInt32 { ~register }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    register = martlet_crc32(register, start, bytes.count)
  }
}

/// The checksum of RFC 3720 (Castagnoli).
package struct CRC32C: Sendable {
  private var register = UInt32.max

  package init() {}

  package var value: UInt32 { ~register }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    register = martlet_crc32c(register, start, bytes.count)
  }
}
