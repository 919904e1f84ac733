import AWSKit
import Checksums
import Foundation
import SyncModel
import Testing

@testable import RemoteTree

@Suite struct PartPlanTests {
  @Test(
    arguments: [
      (0, 8), (1, 8), (8 << 20, 8), (80_000 << 20, 8), ((80_000 << 20) + 1, 9), (48_828_125 << 20, 4_883),
    ] as [(Int64, Int64)])
  func growsWithTheContent(size: Int64, mebibytes: Int64) {
    let partSize = PartPlan().partSize(for: size)
    #expect(partSize == mebibytes << 20)
    #expect((size + partSize - 1) / partSize <= 10_000)
  }

  /// Given, part, range: what S3 takes, and what may wait in memory.
  @Test(
    arguments: [
      (1, 5 << 20, 1 << 20), (6_000_000, 6_000_000, 6_000_000), (64 << 20, 64 << 20, 16 << 20),
      (6 << 40, 5 << 30, 16 << 20),
    ] as [(Int64, Int64, Int64)])
  func piecesMayBeOfAnotherSize(_ given: Int64, _ part: Int64, _ range: Int64) {
    var plan = TransferPlan()
    plan.cut(into: given)
    #expect(plan.parts.partSize(for: 100 << 20) == part)
    #expect(plan.ranges.rangeSize == range)
    #expect(plan.parts.partSize(for: 48_828_125 << 20) == max(part, 4_883 << 20))
    #expect(ETagForm.likelyPartSizes(size: part * 2, parts: 2, plan: plan.parts).contains(part))
  }

  @Test func rangesCoverTheContent() {
    let ranges = (1...3).map { PartPlan.range(of: $0, size: 21, partSize: 10) }
    #expect(ranges == [0..<10, 10..<20, 20..<21])
  }

  @Test func downloadRangesCoverTheObject() {
    let size = RangePlan().rangeSize * 2 + 5
    #expect(RangePlan().count(size: size) == 3)
    #expect(RangePlan().range(2, size: size) == RangePlan().rangeSize * 2..<size)
    #expect(RangePlan().count(size: 0) == 0)
  }
}

@Suite struct ETagFormTests {
  private static let hash = "0123456789abcdef0123456789abcdef"

  @Test func tellsFormsApart() {
    #expect(ETagForm(Self.hash) == .md5(Self.hash))
    #expect(ETagForm(Self.hash.uppercased()) == .md5(Self.hash))
    #expect(ETagForm(Self.hash + "-7") == .multipart(Self.hash, parts: 7))
  }

  @Test(arguments: [
    "", "abc", "-1", hash + "-", hash + "-0", hash + "-10001", hash + "-1-1", "W/\"\(hash)\"", hash + "g",
  ])
  func leavesOthersAlone(_ etag: String) { #expect(ETagForm(etag) == .opaque) }

  @Test func findsPartSizes() {
    #expect(ETagForm.likelyPartSizes(size: 100 << 20, parts: 13) == [8 << 20])
    #expect(ETagForm.likelyPartSizes(size: 100 << 20, parts: 20) == [5 << 20])
    #expect(ETagForm.likelyPartSizes(size: 100 << 20, parts: 7) == [15 << 20, 16 << 20])
    #expect(ETagForm.likelyPartSizes(size: 3, parts: 1).contains(3))
    #expect(ETagForm.likelyPartSizes(size: 0, parts: 1).isEmpty)
    #expect(ETagForm.likelyPartSizes(size: 100 << 20, parts: 9_999).isEmpty)
  }

  /// Computed with Python's hashlib: parts of 4, 4 and 2 bytes of "abcdefghij".
  @Test(arguments: [1, 3, 10]) func hashesParts(chunk: Int) {
    var etag = PartwiseDigest(partSize: 4, .md5)
    let bytes = Array("abcdefghij".utf8)
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      bytes[start..<min(start + chunk, bytes.count)].withUnsafeBytes { etag.update($0) }
    }
    #expect(Hex.encode(etag.finish().bytes) == "446feba4c1b5cc7ad93bf4d44a0e36ac")
  }
}

@Suite struct LocalComparisonTests {
  private func verdict(etag: String, crc64: UInt64? = nil, of text: String = "abcdefghij") -> LocalComparison.Verdict {
    let stamp = RemoteStamp(etag: etag, size: Int64(text.utf8.count), lastModified: Timestamp(seconds: 0))
    var comparison = LocalComparison(RemoteObject(stamp: stamp, metadata: EntryMetadata(kind: .file), crc64: crc64))
    Array(text.utf8).withUnsafeBytes { comparison.update($0) }
    return comparison.verdict()
  }

  @Test func believesChecksums() {
    let crc = Array("abcdefghij".utf8).withUnsafeBytes { CRC64NVME.checksum($0) }
    #expect(verdict(etag: "opaque", crc64: crc) == .equal)
    #expect(verdict(etag: "opaque", crc64: crc ^ 1) == .different)
  }

  @Test func recognisesETags() {
    #expect(verdict(etag: "a925576942e94b2ef57a066101b48876") == .equal)
    #expect(verdict(etag: "b925576942e94b2ef57a066101b48876") == .unknown)
    var onePart = PartwiseDigest(partSize: 10, .md5)
    Array("abcdefghij".utf8).withUnsafeBytes { onePart.update($0) }
    #expect(verdict(etag: Hex.encode(onePart.finish().bytes) + "-1") == .equal)
    #expect(verdict(etag: "a925576942e94b2ef57a066101b48876-1") == .unknown)
    #expect(verdict(etag: "something") == .unknown)
  }
}

@Suite struct ContinuationTests {
  @Test(arguments: ["", "a/b", "3:x", "ü\n"]) func survivesItsText(_ key: String) {
    let continuation = Continuation(lastKey: key, token: "1:t=/ü")
    #expect(Continuation(continuation.text) == continuation)
  }

  @Test(arguments: ["", ":", "x", "-1:a", "5:abc", "1:ü"]) func refusesOtherTexts(_ text: String) {
    #expect(Continuation(text) == nil)
  }
}

@Suite struct ReadableNameTests {
  @Test func escapesWhatIsNotVisible() {
    #expect(ReadableName.of("a\nb\tc\r\u{1B}[31m\u{202E}\\ ü 猫") == "a\\nb\\tc\\r\\u{1b}[31m\\u{202e}\\\\ ü 猫")
  }
}

@Suite struct CopyRouteTests {
  private static let stamp = RemoteStamp(etag: "e", size: 1, lastModified: Timestamp(seconds: 0))

  private func capabilities(_ change: (inout ServerCapabilities) -> Void) -> ServerCapabilities {
    var capabilities = ServerCapabilities.full
    change(&capabilities)
    return capabilities
  }

  @Test func prefersOneCall() {
    #expect(CopyRoute.choose(size: 5_000_000_000, replacing: nil, .full) == .copy)
    #expect(CopyRoute.choose(size: 5_000_000_001, replacing: nil, .full) == .parts)
  }

  @Test func goesByAnotherConditionalCall() {
    let noCopy = capabilities {
      $0.copyIfAbsent = false
      $0.copyIfMatch = false
    }
    #expect(CopyRoute.choose(size: 8 << 20, replacing: nil, noCopy) == .rewrite)
    #expect(CopyRoute.choose(size: 9 << 20, replacing: nil, noCopy) == .parts)
    let noReplacement = capabilities {
      $0.copyIfMatch = false
      $0.completeIfMatch = false
    }
    #expect(CopyRoute.choose(size: 9 << 20, replacing: Self.stamp, noReplacement) == .unconditional)
    #expect(CopyRoute.choose(size: 1, replacing: Self.stamp, noReplacement) == .rewrite)
    #expect(CopyRoute.choose(size: 9 << 20, replacing: nil, noReplacement) == .copy)
  }
}

@Suite struct ServerCapabilitiesTests {
  @Test func surviveStorage() throws {
    var capabilities = ServerCapabilities.full
    capabilities.deleteIfMatch = false
    capabilities.quotesETags = false
    let data = try JSONEncoder().encode(capabilities)
    #expect(try JSONDecoder().decode(ServerCapabilities.self, from: data) == capabilities)
  }

  @Test func ofAnotherVersionAreNotRead() throws {
    let data = try JSONEncoder().encode(ServerCapabilities.full)
    let text = String(decoding: data, as: UTF8.self)
    let older = text.replacingOccurrences(of: "\"version\":1", with: "\"version\":0")
    #expect(older != text)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(ServerCapabilities.self, from: Data(older.utf8))
    }
  }

  @Test func nameWhatIsNotSafe() {
    #expect(ServerCapabilities.full.safetyLevel == .conditional)
    #expect(ServerCapabilities.none.safetyLevel == .readOnly)
    var moto = ServerCapabilities.full
    moto.completeIfMatch = false
    moto.deleteObjectsIfMatch = false
    moto.copyIfAbsent = false
    moto.copyIfMatch = false
    #expect(moto.safetyLevel == .singleWriterPerKey([.largeReplacement]))
    #expect(moto.safetyLevel.explanation.contains("replacing large files"))
    var rclone = moto
    rclone.putIfAbsent = false
    rclone.putIfMatch = false
    rclone.completeIfAbsent = false
    rclone.deleteIfMatch = false
    #expect(rclone.safetyLevel == .singleWriterPerKey(Set(SafetyLevel.Change.allCases)))
  }
}
