import Foundation

/// A policy as IAM evaluates it, as far as Martlet's policies go. Source: "Policy evaluation logic" and "IAM JSON policy
/// elements reference" of the IAM user guide.
struct Policy: Decodable {
  struct Statement: Decodable {
    enum Key: String, CodingKey {
      case id = "Sid"
      case effect = "Effect"
      case actions = "Action"
      case resources = "Resource"
      case conditions = "Condition"
    }

    var id: String
    var actions: [String]
    var resources: [String]
    var conditions: [String: [String: String]]

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      func list(_ key: Key) throws -> [String] {
        if let one = try? values.decode(String.self, forKey: key) { return [one] }
        return try values.decode([String].self, forKey: key)
      }
      id = try values.decode(String.self, forKey: .id)
      guard try values.decode(String.self, forKey: .effect) == "Allow" else {
        throw DecodingError.dataCorruptedError(forKey: .effect, in: values, debugDescription: "only Allow is known")
      }
      actions = try list(.actions)
      resources = try list(.resources)
      conditions = try values.decodeIfPresent([String: [String: String]].self, forKey: .conditions) ?? [:]
    }
  }

  private enum Key: String, CodingKey {
    case version = "Version"
    case statements = "Statement"
  }

  var statements: [Statement]

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    statements = try values.decode([Statement].self, forKey: .statements)
    guard try values.decode(String.self, forKey: .version) == "2012-10-17" else {
      throw DecodingError.dataCorruptedError(forKey: .version, in: values, debugDescription: "another version")
    }
  }

  init(_ json: String) throws { self = try JSONDecoder().decode(Policy.self, from: Data(json.utf8)) }

  /// What allows it, as `STATEMENT ACTION`; nil: nothing does.
  func grant(_ need: Need) -> String? {
    for statement in statements {
      guard let action = statement.actions.first(where: { $0.lowercased() == need.action.lowercased() }),
        statement.resources.contains(where: { Self.matches($0, need.resource) }),
        statement.conditions.allSatisfy({ Self.holds($0, $1, need.context) })
      else { continue }
      return "\(statement.id) \(action)"
    }
    return nil
  }

  var grants: Set<String> {
    Set(statements.flatMap { statement in statement.actions.map { "\(statement.id) \($0)" } })
  }

  /// A key that the request does not have fulfils no condition.
  private static func holds(_ comparison: String, _ patterns: [String: String], _ context: [String: String]) -> Bool {
    guard ["StringLike", "ForAnyValue:StringLike"].contains(comparison) else { return false }
    return patterns.allSatisfy { key, pattern in context[key].map { matches(pattern, $0) } ?? false }
  }

  /// `*` stands for any characters, `?` for one, `${*}`, `${?}` and `${$}` for themselves.
  static func matches(_ pattern: String, _ text: String) -> Bool {
    var tokens: [(character: Character, isLiteral: Bool)] = []
    var rest = pattern[...]
    while let character = rest.first {
      if rest.hasPrefix("${"), rest.count > 3, rest[rest.index(rest.startIndex, offsetBy: 3)] == "}" {
        tokens.append((rest[rest.index(rest.startIndex, offsetBy: 2)], true))
        rest = rest.dropFirst(4)
      } else {
        tokens.append((character, character != "*" && character != "?"))
        rest = rest.dropFirst()
      }
    }
    // Where in the text the tokens so far may end.
    let text = Array(text)
    var ends: Set<Int> = [0]
    for token in tokens {
      if token.character == "*", !token.isLiteral {
        ends = Set((ends.min() ?? text.count + 1)..<(text.count + 1))
      } else {
        ends = Set(
          ends.filter { $0 < text.count && (!token.isLiteral || text[$0] == token.character) }.map { $0 + 1 })
      }
      if ends.isEmpty { return false }
    }
    return ends.contains(text.count)
  }
}

/// What a request has to be allowed.
struct Need: Hashable, CustomStringConvertible {
  var action: String
  var resource: String
  /// Keys of conditions.
  var context: [String: String] = [:]

  var description: String { "\(action) on \(resource)" + (context.isEmpty ? "" : " \(context)") }
}
