import NIOHTTP1
import Testing

@testable import AWSKit
@testable import RemoteTree

extension FuzzTests {
  /// The headers of a reply, one a line, in the hands of everybody who reads them.
  @Test func replyHeaders() throws {
    let fuzzer = Fuzzer(
      target: "replyHeaders",
      regressions: [
        "Content-Range:bytes 0-5/-3", "Content-Length:9223372036854775807",
        "Content-Range:bytes 0-0/9223372036854775807",
      ],
      seeds: [
        "ETag:\"0123456789abcdef0123456789abcdef-3\"\nContent-Length:12\nLast-Modified:Fri, 20 Nov 2026 23:21:32 GMT",
        "Content-Range:bytes 0-8388607/9000000\nContent-Length:8388608\nx-amz-meta-mode:33188\nX-Amz-Meta-Mode:1",
        "x-amz-checksum-crc64nvme:AAAAAAAAAAA=\nx-amz-checksum-type:FULL_OBJECT\nx-amz-version-id:null\nETag:W/\"x\"",
        "Content-Range:bytes 5-9/*\nDate:Thu, 01 Jan 1970 00:00:00 GMT\nx-amz-mp-parts-count:2\nx-amz-missing-meta:1",
      ],
      tokens: [
        "\n", ":", "bytes ", "-", "/", "*", "\"", "W/", "-1", "-10000", "-10001", "=", "==", "COMPOSITE", "AAAA",
        "ETag:",
      ])
    try fuzzer.run { input in
      var headers = HTTPHeaders()
      for line in String(decoding: input, as: UTF8.self).split(separator: "\n") {
        let field = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        // What the HTTP layer refuses by itself.
        guard !field[0].isEmpty, field[0].utf8.allSatisfy({ (33...126).contains($0) }) else { continue }
        headers.add(name: String(field[0]), value: field.count > 1 ? String(field[1]) : "")
      }
      let head = S3ObjectHead(status: 206, headers: headers)
      if let range = head.range {
        try require(!range.isEmpty && range.lowerBound >= 0, "the range \(range)")
        try require(range.upperBound <= head.size ?? .max || head.size == head.contentLength, "a range beyond the end")
      }
      try require((head.size ?? 0) >= 0 && (head.contentLength ?? 0) >= 0, "a negative length")
      if let size = head.size, size > 0 { _ = RangePlan().count(size: size) }
      if let etag = head.etag {
        switch ETagForm(etag) {
        case .md5(let hash): try require(hash.utf8.count == 32 && etag.utf8.count == 32, "no MD5")
        case .multipart(let hash, let parts):
          try require(hash.utf8.count == 32 && (1...10_000).contains(parts), "no ETag of parts")
          _ = ETagForm.likelyPartSizes(size: head.size ?? 0, parts: parts)
        case .opaque: break
        }
      }
      _ = (head.lastModified?.httpDate, head.date?.amzDate, head.fullObjectCRC64, head.metadata, head.taggingCount)
    }
  }
}
