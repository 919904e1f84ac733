import Testing

@testable import AWSKit

@Suite struct TransferRateTests {
  @Test(arguments: [
    // As the AWS CLI reads max_bandwidth.
    ("1MB/s", 1_048_576), ("50MB/s", 52_428_800), ("800KB/s", 819_200), ("800kB/s", 819_200),
    ("10Mb/s", 1_310_720), ("800Kb/s", 102_400), ("10mb/s", 1_310_720), ("1MiB/s", 1_048_576), ("8Mib/s", 1_048_576),
    ("10485760", 10_485_760), ("2048B/s", 2048), ("1GB/s", 1 << 30), ("1TB/s", 1 << 40),
    // As people write it.
    ("10M", 10_485_760), ("100k", 102_400), ("10MB", 10_485_760), ("1.5M", 1_572_864), ("1KB/s", 1024),
  ])
  func reads(text: String, bytes: Int64) throws {
    #expect(try #require(TransferRate(parsing: text)).bytesPerSecond == bytes)
  }

  @Test(arguments: [
    "", "0", "none", "-1", "fast", "10Mb", "10mb", "MB/s", "1023", "1b/s", "10 MB/s", "10M/s", "10MBps", "1e9", "1.2.3",
    "٣MB/s", "99999999TB/s", "10MB/s/s", "10KMB/s",
  ])
  func refuses(text: String) { #expect(TransferRate(parsing: text) == nil) }
}
