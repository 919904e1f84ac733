internal import NIOHTTP1

/// One request to S3, before it is addressed and signed.
struct S3Call: Sendable {
  let operation: String
  let method: HTTPMethod
  var bucket: String
  var key: String?
  /// Nil: a parameter without value.
  var query: [(name: String, value: String?)] = []
  var headers: [(name: String, value: String)] = []
  /// Nil: a method that has none.
  var body: S3Body?
  /// Of a copy.
  var source: S3CopySource?
  var retry: S3Retry = .idempotent
  /// Whether a lost reply leaves a question.
  var isWrite = false

  /// For messages: `PutObject s3://bucket/key`.
  var description: String { "\(operation) s3://\(bucket)" + (key.map { "/\(Self.printable($0))" } ?? "") }

  /// Keys come from strangers: control characters must not reach a log or a terminal.
  static func printable(_ key: String) -> String {
    guard key.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return key }
    return key.unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
    }
    .joined()
  }

  var encodedQuery: String {
    query.map { name, value in
      value.map { "\(URIEncoding.query(name))=\(URIEncoding.query($0))" } ?? URIEncoding.query(name)
    }
    .joined(separator: "&")
  }

  /// Of the calls that are about the bucket itself S3 does not charge the requester.
  var requestPayerHeader: [(name: String, value: String)] {
    Self.aboutTheBucket.contains(operation) ? [] : [("x-amz-request-payer", "requester")]
  }

  private static let aboutTheBucket: Set<String> = [
    "HeadBucket", "GetBucketLocation", "CreateBucket", "GetBucketNotificationConfiguration",
    "PutBucketNotificationConfiguration",
  ]

  mutating func addHeader(_ name: String, _ value: String?) {
    if let value { headers.append((name, value)) }
  }

  mutating func addQuery(_ name: String, _ value: String?) {
    if let value { query.append((name, value)) }
  }

  mutating func addCondition(_ condition: S3Condition?, _ quoting: ETagQuoting) {
    switch condition {
    case .ifMatch(let etag): addHeader("If-Match", quoting.header(etag))
    case .ifNoneMatch(let etag): addHeader("If-None-Match", quoting.header(etag))
    case .ifAbsent: addHeader("If-None-Match", "*")
    case nil: break
    }
  }

  /// - Throws: `invalidArgument` for what no server could take, or what would become another request.
  func validate() throws(S3Error) {
    func invalid(_ reason: String) -> S3Error {
      S3Error(.invalidArgument, message: reason, operation: description)
    }
    if let key, key.isEmpty { throw invalid("the key is empty") }
    for (name, value) in headers
    where value.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) {
      throw invalid("the header \(name) holds control characters")
    }
  }
}

extension ETagQuoting {
  func header(_ etag: String) -> String {
    switch self {
    case .quoted: etag.hasPrefix("W/") ? etag : "\"\(etag)\""
    case .unquoted: etag
    }
  }
}
