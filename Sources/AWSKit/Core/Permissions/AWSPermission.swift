/// An action of IAM, and the resource on which it has to be allowed.
public struct AWSPermission: Hashable, Sendable {
  /// Such as `s3:PutObject`.
  public var action: String
  /// An ARN, in which `*` stands for what is not known; of S3 at other places than AWS `s3://BUCKET/KEY`.
  public var resource: String

  public init(_ action: String, on resource: String) {
    self.action = action
    self.resource = resource
  }

  /// Whether the resource is named as policies name it.
  public var isInAWS: Bool { resource.hasPrefix("arn:") }
}

extension AWSPermission {
  /// What a refused request lacked.
  ///
  /// AWS mostly says it: “… is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::b/k" because …”. That
  /// is more than the request tells, of which any permission may be the one, and of keys of KMS nothing is seen.
  ///
  /// - Parameters:
  ///   - message: of the refusal; empty where there is no body.
  ///   - needed: by the request.
  static func missing(_ message: String, among needed: [AWSPermission]) -> [AWSPermission] {
    guard let action = word(after: "authorized to perform: ", in: message) else { return needed }
    // Some services write actions in lower case.
    let known = needed.filter { $0.action.lowercased() == action.lowercased() }
    let name = known.first?.action ?? action
    let resource = word(after: "on resource: ", in: message).flatMap { $0.hasPrefix("arn:") ? $0 : nil }
    guard let resource else { return known.isEmpty ? needed : known }
    return [AWSPermission(name, on: resource)]
  }

  private static func word(after mark: String, in text: String) -> String? {
    guard let start = text.firstRange(of: mark)?.upperBound else { return nil }
    let isQuoted = text[start...].hasPrefix("\"")
    let word = text[start...].dropFirst(isQuoted ? 1 : 0).prefix { isQuoted ? $0 != "\"" : !$0.isWhitespace }
    return word.isEmpty ? nil : S3Call.printable(String(word))
  }
}

extension [AWSPermission] {
  /// Any of which may be what is missing: `s3:GetObject on arn:aws:s3:::b/k or s3:ListBucket on arn:aws:s3:::b`.
  package var alternatives: String {
    var actions: [(resource: String, names: [String])] = []
    for permission in self {
      if let index = actions.firstIndex(where: { $0.resource == permission.resource }) {
        if !actions[index].names.contains(permission.action) { actions[index].names.append(permission.action) }
      } else {
        actions.append((permission.resource, [permission.action]))
      }
    }
    return actions.map { "\($0.names.joined(separator: " or ")) on \($0.resource)" }.joined(separator: " or ")
  }
}
