import SyncEngine
import SyncModel
import Testing

@testable import AWSKit
@testable import RemoteTree

extension FuzzTests {
  /// A page of a listing: refused, or each entry lies below the root and has a size and time that can be used.
  @Test func listings() throws {
    let object =
      "<Contents><Key>p/a%20b</Key><LastModified>2026-11-20T23:21:32.000Z</LastModified><ETag>&quot;0123456789abcdef"
      + "0123456789abcdef-2&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>"
    let fuzzer = Fuzzer(
      target: "listings",
      regressions: [
        "<ListBucketResult>\(object.replacing("<Size>7", with: "<Size>9223372036854775807"))</ListBucketResult>",
        "<ListBucketResult>\(object.replacing("<Size>7", with: "<Size>-7"))</ListBucketResult>",
      ],
      seeds: [
        "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"u\"><IsTruncated>true</IsTruncated><NextContinuationToken>t="
          + "</NextContinuationToken><EncodingType>url</EncodingType>\(object)\(object.replacing("p/a", with: "p/b/"))"
          + "<CommonPrefixes><Prefix>p/c%2F</Prefix></CommonPrefixes></ListBucketResult>",
        "<Error><Code>SlowDown</Code></Error>",
      ],
      tokens: [
        "<Key>", "</Key>", "p/../", "p/%2E%2E/x", "%2F", "%00", "%ff", "+", "<Size>", "</Size>", "&#13;", "<Contents>",
        "</Contents>", "<Size>0</Size>", "0000-01-01T00:00:00.000+23:59", "url", "&quot;", "-10000",
      ], shortRuns: 2_000)
    try fuzzer.run { input in
      guard let page = try? S3ListingParser.parse(input) else { return }
      try require(!page.isTruncated || page.nextContinuationToken?.isEmpty == false, "truncated without a token")
      for object in page.objects {
        try require(object.size >= 0, "a size of \(object.size)")
        _ = object.lastModified.amzDate
        if case .multipart(_, let parts) = ETagForm(object.etag) {
          for size in ETagForm.likelyPartSizes(size: object.size, parts: parts) {
            try require((object.size + size - 1) / size == Int64(parts), "\(parts) parts are not of \(size) bytes")
          }
        }
        if object.size > 0 {
          let count = RangePlan().count(size: object.size)
          try require(RangePlan().range(count - 1, size: object.size).upperBound == object.size, "ranges leave a rest")
        }
      }
      let listed = RemotePage(page.objects, keys: KeyMapping(prefix: "p/"), after: nil)
      for entry in listed.entries {
        try require((try? RelativePath(validating: entry.path.string)) == entry.path, "\(entry.path) is no valid path")
        try require(ReservedNames.match(in: entry.path) == nil, "\(entry.path) is reserved")
        try require(entry.stamp.isSameVersion(as: entry.stamp), "\(entry.stamp) is not itself")
      }
      if listed.isOrdered {
        try require(
          zip(listed.entries, listed.entries.dropFirst()).allSatisfy { $0.path < $1.path }, "called ordered and is not")
      }
    }
  }
}
