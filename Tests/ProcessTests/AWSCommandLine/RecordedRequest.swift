import EmbeddedS3

/// A request as the server saw it, as far as two clients can send the same.
struct RecordedRequest: Sendable {
  /// What is told apart: the call, the key below the prefix, and the part or the beginning of the range.
  struct Name: Hashable, Sendable, CustomStringConvertible {
    var operation: S3Operation
    var key: String
    var piece: String

    var description: String { "\(operation.rawValue) \(key)\(piece.isEmpty ? "" : " \(piece)")" }
  }

  var name: Name
  /// Without order.
  var query: Set<String>
  /// By lower-case name.
  var headers: [String: String]

  /// What says who sends a request when, and on which connection.
  private static let ofTheSender: Set = [
    "accept", "accept-encoding", "amz-sdk-invocation-id", "amz-sdk-request", "authorization", "connection", "expect",
    "host", "user-agent", "x-amz-date",
  ]

  /// Nil for requests outside of the prefix, and those about Martlet's own scratch objects.
  init?(_ entry: RequestLog.Entry, prefix: String) {
    guard let target = entry.target, let headers = entry.headers, entry.key.hasPrefix(prefix),
      !entry.key.contains("/.martlet/")
    else { return nil }
    query = Set(target.split(separator: "?", maxSplits: 1).dropFirst().joined().split(separator: "&").map(String.init))
    let part = query.first { $0.hasPrefix("partNumber=") }
    let range = headers["range"].map { String($0.prefix { $0 != "-" }) }
    name = Name(operation: entry.operation, key: String(entry.key.dropFirst(prefix.count)), piece: part ?? range ?? "")
    self.headers = headers.filter { !Self.ofTheSender.contains($0.key) }
  }
}

/// How a request of Martlet's is not that of the AWS CLI.
struct RequestDifference: Hashable, Sendable, CustomStringConvertible {
  enum Kind: String, Sendable {
    case added = "only Martlet sends"
    case missing = "only the AWS CLI sends"
    case other = "another value has"
  }

  var operation: S3Operation
  var kind: Kind
  var header: String

  var description: String { "\(operation.rawValue): \(kind.rawValue) \(header)" }

  static func between(_ cli: RecordedRequest, _ own: RecordedRequest) -> Set<Self> {
    var differences: Set<Self> = []
    for header in Set(cli.headers.keys).union(own.headers.keys) {
      let kind: Kind
      switch (cli.headers[header], own.headers[header]) {
      case (nil, _): kind = .added
      case (_, nil): kind = .missing
      case (let theirs, let ours):
        if theirs == ours { continue }
        kind = .other
      }
      differences.insert(Self(operation: cli.name.operation, kind: kind, header: header))
    }
    return differences
  }
}
