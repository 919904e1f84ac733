internal import CChecksums

/// The checksum that S3 computes for every object by default (NVM Command Set specification, reflected,
/// all bits set at start and inverted at the end; check value of "123456789" is `ae8b14860a799888`).
package struct CRC64NVME: Sendable {
  private var register = UInt64.max

  package init() {}

  /// The checksum of all bytes so far.
  package var value: UInt64 { ~register }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    register = martlet_crc64nvme(register, start, bytes.count)
  }

  /// The checksum of one buffer.
  package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var crc = CRC64NVME()
    crc.update(bytes)
    return crc.value
  }
}

extension CRC64NVME {
  /// The checksum of A followed by B from the checksums of A and of B, so that parts can be hashed in parallel.
  ///
  /// Moving A's remainder `lengthOfB` bytes ahead is a multiplication by x^(8·length) modulo the polynomial.
  package static func combine(_ a: UInt64, _ b: UInt64, lengthOfB: UInt64) -> UInt64 {
    var shifted = a
    var remaining = lengthOfB
    var power = 0
    while remaining != 0 {
      if remaining & 1 == 1 { shifted = multiply(shifted, bytePowers[power]) }
      remaining >>= 1
      power += 1
    }
    return shifted ^ b
  }

  private static let polynomial: UInt64 = 0x9a6c_9329_ac4b_c9b5
  private static let one: UInt64 = 1 << 63

  /// Entry n is x^(8·2^n) modulo the polynomial.
  private static let bytePowers: [UInt64] = {
    var powers: [UInt64] = []
    var power = one >> 8
    for _ in 0..<64 {
      powers.append(power)
      power = multiply(power, power)
    }
    return powers
  }()

  /// The product modulo the polynomial; the highest bit is the coefficient of x^0.
  private static func multiply(_ left: UInt64, _ right: UInt64) -> UInt64 {
    var product: UInt64 = 0
    var shifted = right
    var bits = left
    while bits != 0 {
      if bits & one != 0 { product ^= shifted }
      bits <<= 1
      shifted = (shifted >> 1) ^ (shifted & 1 == 1 ? polynomial : 0)
    }
    return product
  }
}
