/// Something that the server is told to do wrong: to which calls, how often, and what.
package struct Fault: Sendable, Codable {
  /// Calls that it hits; empty: all.
  package var operations: Set<S3Operation>
  /// Glob (`*`, `?`) over the key, or over the prefix of a listing; nil: all.
  package var key: String?
  /// How many matching calls go through unharmed first.
  package var skip: Int
  /// How many calls it hits then; nil: all.
  package var count: Int?
  package var action: Action

  package init(
    _ action: Action, on operations: Set<S3Operation> = [], key: String? = nil, skip: Int = 0, count: Int? = nil
  ) {
    self.action = action
    self.operations = operations
    self.key = key
    self.skip = skip
    self.count = count
  }

  package enum Action: Sendable, Codable {
    /// An error reply before any effect: 503 `SlowDown`, 403 `AccessDenied`, 500 `InternalError`, …
    case status(Int, code: String)
    /// The connection is closed before any effect.
    case dropBefore
    /// The call takes effect, then the connection is closed: the reply is lost.
    case dropAfter
    /// The call waits first.
    case delay(milliseconds: Int)
    /// The connection is closed after so many bytes of the reply's body.
    case truncate(bytes: Int)
    /// The first byte of the reply's body is changed.
    case corrupt
    /// The reply stops after so many bytes of its body, the connection stays open until the client closes it.
    case stall(bytes: Int)
    /// The call takes no notice of `If-Match` and its kin, as some S3-compatible servers do.
    case ignoreConditions
    /// The call answers 200 with an `<Error>` body, as S3 may do for copies and completions. Nothing takes effect.
    case errorInside(code: String)
  }
}

extension Fault {
  private enum CodingKeys: String, CodingKey {
    case operations, key, skip, count, action
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.operations = try values.decodeIfPresent(Set<S3Operation>.self, forKey: .operations) ?? []
    self.key = try values.decodeIfPresent(String.self, forKey: .key)
    self.skip = try values.decodeIfPresent(Int.self, forKey: .skip) ?? 0
    self.count = try values.decodeIfPresent(Int.self, forKey: .count)
    self.action = try values.decode(Action.self, forKey: .action)
  }

  func matches(_ operation: S3Operation, key: String) -> Bool {
    (self.operations.isEmpty || self.operations.contains(operation))
      && self.key.map { globMatches(Array($0.utf8), Array(key.utf8)) } ?? true
  }
}

extension Fault.Action {
  private enum CodingKeys: String, CodingKey {
    case kind, status, code, milliseconds, bytes
  }

  /// Flat JSON: `{"kind": "status", "status": 503, "code": "SlowDown"}`.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func bytes() throws -> Int { try values.decodeIfPresent(Int.self, forKey: .bytes) ?? 0 }
    switch try values.decode(String.self, forKey: .kind) {
    case "status":
      let status = try values.decode(Int.self, forKey: .status)
      guard (100...599).contains(status) else {
        throw DecodingError.dataCorruptedError(forKey: .status, in: values, debugDescription: "no status is \(status)")
      }
      self = .status(status, code: try values.decode(String.self, forKey: .code))
    case "dropBefore": self = .dropBefore
    case "dropAfter": self = .dropAfter
    case "delay": self = .delay(milliseconds: try values.decode(Int.self, forKey: .milliseconds))
    case "truncate": self = .truncate(bytes: try bytes())
    case "corrupt": self = .corrupt
    case "stall": self = .stall(bytes: try bytes())
    case "ignoreConditions": self = .ignoreConditions
    case "errorInside": self = .errorInside(code: try values.decode(String.self, forKey: .code))
    case let kind:
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: values, debugDescription: "no fault is called \"\(kind)\"")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    func name(_ name: String) throws { try values.encode(name, forKey: .kind) }
    switch self {
    case .status(let status, let code):
      try name("status")
      try values.encode(status, forKey: .status)
      try values.encode(code, forKey: .code)
    case .dropBefore: try name("dropBefore")
    case .dropAfter: try name("dropAfter")
    case .delay(let milliseconds):
      try name("delay")
      try values.encode(milliseconds, forKey: .milliseconds)
    case .truncate(let bytes):
      try name("truncate")
      try values.encode(bytes, forKey: .bytes)
    case .corrupt: try name("corrupt")
    case .stall(let bytes):
      try name("stall")
      try values.encode(bytes, forKey: .bytes)
    case .ignoreConditions: try name("ignoreConditions")
    case .errorInside(let code):
      try name("errorInside")
      try values.encode(code, forKey: .code)
    }
  }
}

/// `*` stands for any bytes, `/` among them, `?` for one.
func globMatches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
  var patternIndex = 0
  var textIndex = 0
  var star: (pattern: Int, text: Int)?
  while textIndex < text.count {
    if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") {
      star = (patternIndex, textIndex)
      patternIndex += 1
    } else if patternIndex < pattern.count,
      pattern[patternIndex] == UInt8(ascii: "?") || pattern[patternIndex] == text[textIndex]
    {
      patternIndex += 1
      textIndex += 1
    } else if let last = star {
      star = (last.pattern, last.text + 1)
      patternIndex = last.pattern + 1
      textIndex = last.text + 1
    } else {
      return false
    }
  }
  return pattern[patternIndex...].allSatisfy { $0 == UInt8(ascii: "*") }
}
