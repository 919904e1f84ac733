package import SyncModel

/// How the simulated world identifies contents. The engine only compares fingerprints, so any good hash
/// stands in for the checksum.
package enum SimContent {
  package static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash ^ 0xCBF2_9CE4_8422_2325
  }

  package static func fingerprint(_ bytes: [UInt8]) -> Fingerprint {
    Fingerprint(size: Int64(bytes.count), crc64: hash(bytes))
  }
}
