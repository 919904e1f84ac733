import AWSKit
import HTTPTypes

/// A request as far as its head says.
struct S3Request: Sendable {
  let method: HTTPRequest.Method
  /// Percent-encoded, exactly as sent.
  let path: String
  /// Without `?`, exactly as sent.
  let query: String
  /// By lower-case name; repeated headers joined by commas.
  let headers: [String: String]
  /// Decoded, in order.
  let parameters: [(name: String, value: String)]
  let bucket: String?
  let key: ObjectKey?
  /// Set by a fault: the server then is one that knows no conditions for this call.
  var ignoresConditions = false

  init(_ head: HTTPRequest) throws {
    let target = head.path ?? "/"
    let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
    self.method = head.method
    self.path = String(target[..<mark])
    self.query = String(target[mark...].dropFirst())
    var headers: [String: String] = [:]
    for field in head.headerFields {
      let name = field.name.canonicalName
      headers[name] = headers[name].map { "\($0),\(field.value)" } ?? field.value
    }
    if let authority = head.authority { headers["host"] = authority }
    self.headers = headers
    self.parameters = try self.query.utf8.split(separator: UInt8(ascii: "&")).map { parameter in
      let equals = parameter.firstIndex(of: UInt8(ascii: "=")) ?? parameter.endIndex
      return (
        try Self.decode(parameter[..<equals], plusIsBlank: true),
        try Self.decode(parameter[equals...].dropFirst(), plusIsBlank: true)
      )
    }
    (self.bucket, self.key) = try Self.address(path: self.path, host: headers["host"] ?? "")
  }

  func header(_ name: String) -> String? { self.headers[name] }

  /// The value of a query parameter, empty when it has none, nil when it is absent.
  func parameter(_ name: String) -> String? {
    self.parameters.first { $0.name == name }?.value
  }

  func has(_ name: String) -> Bool { self.parameter(name) != nil }

  /// An integer parameter; refused when it is not one.
  func integer(_ name: String, default value: Int, in range: ClosedRange<Int>) throws -> Int {
    guard let text = self.parameter(name), !text.isEmpty else { return value }
    guard let number = Int(text), range.contains(number) else {
      throw S3Error.invalidArgument("Provided \(name) not an integer or within integer range", name: name, value: text)
    }
    return number
  }

  /// Path style, or virtual-host style where the host is `BUCKET.localhost`. Nothing in the path is normalised.
  private static func address(path: String, host: String) throws -> (bucket: String?, key: ObjectKey?) {
    guard let decoded = URIEncoding.decode(path.utf8.dropFirst()), String(validating: decoded, as: UTF8.self) != nil
    else { throw S3Error(.badRequest, "InvalidURI", "Couldn't parse the specified URI.", [("URI", path)]) }
    let name = host.split(separator: ":").first ?? ""
    let bucket: String
    let key: ArraySlice<UInt8>
    if name.hasSuffix(".localhost") {
      bucket = String(name.dropLast(".localhost".count))
      key = decoded[...]
    } else {
      let slash = decoded.firstIndex(of: UInt8(ascii: "/")) ?? decoded.endIndex
      bucket = String(decoding: decoded[..<slash], as: UTF8.self)
      key = decoded[slash...].dropFirst()
    }
    guard key.count <= ObjectKey.maximumLength else {
      throw S3Error(
        .badRequest, "KeyTooLongError", "Your key is too long",
        [("Size", String(key.count)), ("MaxSizeAllowed", String(ObjectKey.maximumLength))])
    }
    return (bucket.isEmpty ? nil : bucket, key.isEmpty ? nil : ObjectKey(key))
  }

  private static func decode(_ text: some Sequence<UInt8>, plusIsBlank: Bool) throws -> String {
    guard let bytes = URIEncoding.decode(text, plusIsBlank: plusIsBlank),
      let string = String(validating: bytes, as: UTF8.self)
    else { throw S3Error(.badRequest, "InvalidURI", "Couldn't parse the specified URI.") }
    return string
  }
}
