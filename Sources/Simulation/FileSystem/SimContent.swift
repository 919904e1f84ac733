internal import Checksums
package import SyncModel

/// How the simulated world identifies contents: by the checksum that the shipped code uses.
package enum SimContent {
  package static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    Array(bytes).withUnsafeBytes { CRC64NVME.checksum($0) }
  }

  package static func fingerprint(_ bytes: [UInt8]) -> Fingerprint {
    Fingerprint(size: Int64(bytes.count), crc64: hash(bytes))
  }
}
