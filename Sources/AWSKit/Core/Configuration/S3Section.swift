/// The block `s3 =` of a profile, as far as it is about transfers. Names, forms and meaning are those of the AWS CLI
/// ("AWS CLI S3 Configuration").
public struct S3Section: Hashable, Sendable {
  /// `max_concurrent_requests`, at least 1; nil: not given.
  public var maximumRequests: Int?
  /// `multipart_threshold`: bytes from which on a file is sent in parts; nil: not given.
  public var multipartThreshold: Int64?
  /// `multipart_chunksize`: bytes of a part; nil: not given.
  public var partSize: Int64?
  /// `payload_signing_enabled`: whether requests are signed with the hash of what they carry; nil: where no checksum
  /// over TLS stands in for that.
  public var signsPayload: Bool?
  /// Keys that are given and have no effect, in the order of the alphabet.
  public var withoutEffect: [String] = []

  public init() {}
}

extension AWSSettings {
  /// - Throws: ``S3Error`` (`invalidArgument`) that names the key, its section and its file, for any key of the block
  ///   with a value that the AWS CLI does not take either, or takes for its opposite.
  public func s3Section() throws -> S3Section {
    var section = S3Section()
    section.maximumRequests = try s3Value("max_concurrent_requests", "give a number of requests, at least 1") {
      Int($0).flatMap { $0 > 0 ? $0 : nil }
    }
    section.multipartThreshold = try s3Value("multipart_threshold", ByteCount.hint, ByteCount.parse)
    section.partSize = try s3Value("multipart_chunksize", ByteCount.hint, ByteCount.parse)
    section.signsPayload = try s3Flag("payload_signing_enabled")
    for key in ["use_accelerate_endpoint", "use_dualstack_endpoint", "use_arn_region"] { _ = try s3Flag(key) }
    _ = try s3Value("addressing_style", "give auto, path or virtual") {
      S3Endpoint.AddressingStyle(rawValue: $0.lowercased())
    }
    _ = try s3Value("max_queue_size", "give a number of files, at least 1") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
    section.withoutEffect = Self.withoutEffect.filter { profileValue("s3.\($0)") != nil }
    return section
  }

  /// The queue, what only the client of version 2 that is written in C knows, and access points that are refused
  /// anyway.
  private static let withoutEffect = [
    "direct_io", "disk_throughput", "io_chunksize", "max_queue_size", "preferred_transfer_client",
    "s3_disable_multiregion_access_points", "should_stream", "target_bandwidth",
  ]

  private func s3Flag(_ key: String) throws -> Bool? {
    try s3Value(key, "give true or false") { ["true": true, "false": false][$0.lowercased()] }
  }

  /// A key of the block; nil where it is not given.
  func s3Value<Value>(_ key: String, _ hint: String, _ parse: (String) -> Value?) throws -> Value? {
    guard let text = profileValue("s3.\(key)") else { return nil }
    guard let value = parse(text) else {
      let place = place(ofKey: "s3.\(key)")
      throw S3Error(
        .invalidArgument,
        message: "\(key) = \(S3Call.printable(text)) in the block s3 of \(place.section) in \(place.file): \(hint)")
    }
    return value
  }
}

/// Sizes as in the AWS CLI's settings: bytes, or with a unit, of which all are powers of 1024.
enum ByteCount {
  static let hint = "give a size such as 16MB or 16777216, at least 1"

  private static let units: [(suffixes: [String], shift: Int64)] = [
    (["kb", "kib"], 10), (["mb", "mib"], 20), (["gb", "gib"], 30), (["tb", "tib"], 40),
  ]

  /// Nil for other texts, for none at all, and for more than an `Int64` takes.
  static func parse(_ text: String) -> Int64? {
    let text = text.lowercased()
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text[digits.endIndex...]
    guard let number = Int64(digits), number > 0 else { return nil }
    if unit.isEmpty { return number }
    guard let shift = units.first(where: { $0.suffixes.contains { $0 == unit } })?.shift else { return nil }
    let (bytes, isTooMuch) = number.multipliedReportingOverflow(by: 1 << shift)
    return isTooMuch ? nil : bytes
  }
}
