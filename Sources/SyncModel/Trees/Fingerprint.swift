/// Identifies a content: its length and its CRC-64/NVME, which can be combined from parts.
///
/// It tells versions of one path apart; it is not a defence against somebody who forges contents.
package struct Fingerprint: Hashable, Sendable {
  package var size: Int64
  package var crc64: UInt64

  package init(size: Int64, crc64: UInt64) {
    self.size = size
    self.crc64 = crc64
  }
}
