import AWSKit
import Testing

/// The block `s3 =` of a profile.
@Suite struct S3SectionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func section(
    _ lines: String, heading: String = "profile work", credentials: String = "", profile: String? = "work"
  ) throws -> S3Section {
    let block = lines.split(separator: "\n").map { "\n  \($0)" }.joined()
    try folder.write("config", "[\(heading)]\ns3 =\(block)\nregion = r\n")
    try folder.write("credentials", credentials)
    let environment = [
      "AWS_CONFIG_FILE": folder.path + "/config", "AWS_SHARED_CREDENTIALS_FILE": folder.path + "/credentials",
    ]
    return try AWSSettings(environment: environment, profile: profile).s3Section()
  }

  @Test func nothingIsGiven() throws {
    #expect(try section("other = x") == S3Section())
  }

  @Test func everythingIsRead() throws {
    let found = try section(
      """
      max_concurrent_requests = 20
      max_queue_size = 10000
      multipart_threshold = 64MB
      MULTIPART_CHUNKSIZE = 16mib
      payload_signing_enabled = True
      use_accelerate_endpoint = false
      use_dualstack_endpoint = TRUE
      addressing_style = Virtual
      io_chunksize = 1MB
      """)
    var expected = S3Section()
    expected.maximumRequests = 20
    expected.multipartThreshold = 64 << 20
    expected.partSize = 16 << 20
    expected.signsPayload = true
    expected.withoutEffect = ["io_chunksize", "max_queue_size"]
    #expect(found == expected)
  }

  @Test(
    arguments: [
      ("1", 1), ("8388608", 8 << 20), ("7KB", 7 << 10), ("7kb", 7 << 10), ("7KiB", 7 << 10), ("3Gb", 3 << 30),
      ("2TIB", 2 << 40), ("0", nil), ("0MB", nil), ("-1", nil), ("", nil), ("MB", nil), ("1.5MB", nil), ("64x", nil),
      ("8 MB", nil), ("9223372036854775807", .max), ("9223372036854775808", nil), ("9007199254740993KB", nil),
      ("٣", nil),
    ] as [(String, Int64?)])
  func sizes(_ text: String, _ expected: Int64?) throws {
    // A key without a value is none at all.
    if let expected {
      #expect(try section("multipart_threshold = \(text)").multipartThreshold == expected)
    } else if text.isEmpty {
      #expect(try section("multipart_chunksize = ").partSize == nil)
    } else {
      #expect(throws: S3Error.self) { try section("multipart_chunksize = \(text)") }
    }
  }

  @Test(arguments: [
    ("max_concurrent_requests", "0", "at least 1"), ("max_concurrent_requests", "many", "a number of requests"),
    ("max_queue_size", "-1", "a number of files"), ("multipart_threshold", "64x", "16MB or 16777216"),
    ("multipart_chunksize", "0", "16MB or 16777216"), ("payload_signing_enabled", "yes", "true or false"),
    ("use_accelerate_endpoint", "1", "true or false"), ("use_dualstack_endpoint", "on", "true or false"),
    ("use_arn_region", "no", "true or false"), ("addressing_style", "dns", "auto, path or virtual"),
  ])
  func whatIsWrongIsFound(_ key: String, _ value: String, _ hint: String) throws {
    let error = try #require(throws: S3Error.self) { try section("\(key) = \(value)") }
    #expect(error.kind == .invalidArgument)
    let place = "\(key) = \(value) in the block s3 of [profile work] in \(folder.path)/config: give "
    #expect(error.message.hasPrefix(place) && error.message.contains(hint), "\(error.message)")
  }

  @Test func theFileAndTheSectionAreNamed() throws {
    let other = try #require(throws: S3Error.self) {
      try section("addressing_style = x", heading: "default", profile: nil)
    }
    #expect(other.message.contains(" of [default] in \(folder.path)/config: "))
    let credentials = try #require(throws: S3Error.self) {
      try section("addressing_style = path", credentials: "[work]\ns3 =\n  addressing_style = y")
    }
    #expect(
      credentials.message.contains("addressing_style = y in the block s3 of [work] in \(folder.path)/credentials"))
  }
}
