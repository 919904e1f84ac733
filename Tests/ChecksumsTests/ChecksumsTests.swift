import CChecksums
import Checksums
import Digests
import Testing

/// xorshift; the same bytes in every run.
private func pseudoRandomBytes(_ count: Int, seed: UInt64 = 0x9e37_79b9_7f4a_7c15) -> [UInt8] {
  var state = seed
  return (0..<count).map { _ in
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return UInt8(truncatingIfNeeded: state)
  }
}

private func crc64(_ bytes: some Collection<UInt8>) -> UInt64 {
  Array(bytes).withUnsafeBytes { CRC64NVME.checksum($0) }
}

@Suite struct CRC64NVMETests {
  @Test func checkValue() {
    #expect(crc64("123456789".utf8) == 0xae8b_1486_0a79_9888)
    #expect(crc64([UInt8]()) == 0)
  }

  @Test func carryLessMultiplyEqualsTheTable() throws {
    let bytes = pseudoRandomBytes(4_096)
    for length in [0, 1, 15, 16, 127, 128, 129, 143, 144, 255, 256, 257, 1_000, 4_000] {
      for offset in [0, 1, 7, 96] {
        bytes.withUnsafeBytes { buffer in
          let start = buffer.baseAddress! + offset
          for register: UInt64 in [.max, 0, 0x0123_4567_89ab_cdef] {
            let table = martlet_crc64nvme_table(register, start, length)
            #expect(martlet_crc64nvme(register, start, length) == table)
            if martlet_crc64nvme_has_clmul() {
              #expect(martlet_crc64nvme_clmul(register, start, length) == table)
            }
          }
        }
      }
    }
  }

  @Test(arguments: [0, 1, 100, 2_047, 4_095, 4_096]) func piecesEqualTheWhole(split: Int) {
    let bytes = pseudoRandomBytes(4_096)
    var crc = CRC64NVME()
    bytes[..<split].withUnsafeBytes { crc.update($0) }
    bytes[split...].withUnsafeBytes { crc.update($0) }
    #expect(crc.value == crc64(bytes))
  }

  @Test(arguments: [0, 1, 100, 2_047, 4_095, 4_096]) func combinesParts(split: Int) {
    let bytes = pseudoRandomBytes(4_096)
    let combined = CRC64NVME.combine(
      crc64(bytes[..<split]), crc64(bytes[split...]), lengthOfB: UInt64(bytes.count - split))
    #expect(combined == crc64(bytes))
  }

  /// Zeros, so that the length alone is under test: combining doublings reaches sizes that no test could hash.
  @Test func combinesLongParts() {
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    var byDoubling = crc64([0])
    for power in 0..<20 { byDoubling = CRC64NVME.combine(byDoubling, byDoubling, lengthOfB: 1 << power) }
    #expect(byDoubling == crc64(zeros))
  }
}

@Suite struct OtherChecksumTests {
  @Test func crc32CheckValues() {
    var crc32 = CRC32()
    var crc32c = CRC32C()
    Array("123456789".utf8).withUnsafeBytes {
      crc32.update($0)
      crc32c.update($0)
    }
    #expect(crc32.value == 0xcbf4_3926)
    #expect(crc32c.value == 0xe306_9283)
  }

  @Test func crc32InPieces() {
    let bytes = pseudoRandomBytes(1_003)
    var whole = CRC32()
    bytes.withUnsafeBytes { whole.update($0) }
    var pieces = CRC32()
    for start in stride(from: 0, to: bytes.count, by: 13) {
      bytes[start..<min(start + 13, bytes.count)].withUnsafeBytes { pieces.update($0) }
    }
    #expect(pieces.value == whole.value)
  }

  @Test func digests() {
    let abc = Array("abc".utf8)
    #expect(Hex.encode(MD5Digest.digest(abc)) == "900150983cd24fb0d6963f7d28e17f72")
    #expect(Hex.encode(SHA1Digest.digest(abc)) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(
      Hex.encode(SHA512Digest.digest(abc))
        == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
    #expect(
      Hex.encode(SHA256Digest.digest(abc)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}

@Suite struct TextFormTests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("\u{ff}~", "w79+"),
  ])
  func base64(plain: String, encoded: String) {
    #expect(Base64.encode(plain.utf8) == encoded)
    #expect(Base64.decode(encoded) == Array(plain.utf8))
  }

  @Test(arguments: ["Zg", "Zg=", "Z===", "Zh==", "Zg==Zg==", "Z g=", "Zm9v\n", "===="])
  func malformedBase64(text: String) {
    #expect(Base64.decode(text) == nil)
  }

  @Test func crcInHeaderForm() {
    #expect(UInt64(0xae8b_1486_0a79_9888).awsBase64 == "rosUhgp5mIg=")
    #expect(UInt64(awsBase64: "rosUhgp5mIg=") == 0xae8b_1486_0a79_9888)
    #expect(UInt32(awsBase64: "rosUhgp5mIg=") == nil)
    // What the AWS CLI sends for "hi\n".
    var crc = CRC32()
    Array("hi\n".utf8).withUnsafeBytes { crc.update($0) }
    #expect(crc.value.awsBase64 == "7W96eg==")
  }

  @Test func hex() {
    #expect(Hex.encode([0, 255, 16]) == "00ff10")
    #expect(Hex.decode("00FF10") == [0, 255, 16])
    #expect(Hex.decode("0") == nil)
    #expect(Hex.decode("0g") == nil)
  }
}
