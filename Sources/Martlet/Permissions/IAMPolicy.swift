import AWSKit

/// A policy of IAM that allows and never denies. Source of the form: "IAM JSON policy element reference".
package struct IAMPolicy: Hashable, Sendable {
  package struct Statement: Hashable, Sendable {
    package var id: String
    package var actions: [String]
    /// ARNs with `*` and `?`.
    package var resources: [String]
    /// Nil: none.
    package var condition: Condition?

    init(_ id: String, _ actions: [String], on resources: [String], _ condition: Condition? = nil) {
      self.id = id
      self.actions = actions
      self.resources = resources
      self.condition = condition
    }
  }

  package struct Condition: Hashable, Sendable {
    package var comparison = "StringLike"
    package var key: String
    package var pattern: String
  }

  package var statements: [Statement]

  /// What a policy takes for a wildcard or a variable, so that it stands for itself.
  static func literal(_ text: String) -> String {
    text.reduce(into: "") { text, character in
      if "*?$".contains(character) { text += "${\(character)}" } else { text.append(character) }
    }
  }

  /// As people write policies: in the usual order, an element a line.
  package var json: String {
    let statements = statements.map { statement in
      var members = [
        ("Sid", Self.text(statement.id)), ("Effect", Self.text("Allow")), ("Action", Self.list(statement.actions)),
        ("Resource", Self.list(statement.resources)),
      ]
      if let condition = statement.condition {
        members.append(
          (
            "Condition",
            "{\(Self.text(condition.comparison)): {\(Self.text(condition.key)): \(Self.text(condition.pattern))}}"
          ))
      }
      return "    {\n" + members.map { "      \"\($0)\": \($1)" }.joined(separator: ",\n") + "\n    }"
    }
    return "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n\(statements.joined(separator: ",\n"))\n  ]\n}"
  }

  private static func list(_ values: [String]) -> String {
    if values.count == 1 { return text(values[0]) }
    return "[\n" + values.map { "        \(text($0))" }.joined(separator: ",\n") + "\n      ]"
  }

  private static func text(_ value: String) -> String { JSONValue.string(value).text }
}
