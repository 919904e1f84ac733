/// An option as the grammar of the AWS CLI and of s3-sync2 knows it, and what becomes of it here.
struct OptionRow: Sendable {
  /// How many words follow the name.
  enum Values: Hashable, Sendable {
    case none
    case one
    /// A following word that is no option is its value, as in the AWS CLI; without one this.
    case optional(bare: String)
    /// As `optional`, though only one of the choices is taken for the value.
    case optionalChoice(bare: String)
    /// Every word up to the next option.
    case oneOrMore
  }

  /// Which transfers it speaks about.
  enum Scope: Hashable, Sendable {
    case uploads, downloads
    /// Both, and s3-sync2 can limit it to one of them.
    case either
    /// The run, and no direction of it.
    case run
  }

  enum Versions: Hashable, Sendable { case all, v1, v2 }

  enum Treatment: Hashable, Sendable {
    case implemented
    /// Without effect; why, in one line for the user.
    case accepted(String)
  }

  var name: String
  var short: Character?
  var values: Values = .one
  /// What a value may be; empty: anything.
  var choices: [String] = []
  var isInteger = false
  /// Values that begin with `file://` or `fileb://` stand for the content of that file. Keys are read as bytes later.
  var takesFiles = true
  var scope: Scope = .run
  var versions: Versions = .all
  var treatment: Treatment = .implemented
}

extension OptionRow {
  static func flag(_ name: String, _ scope: Scope = .run, _ treatment: Treatment = .implemented) -> OptionRow {
    OptionRow(name: name, values: .none, scope: scope, treatment: treatment)
  }

  static func one(
    _ name: String, _ scope: Scope = .run, _ treatment: Treatment = .implemented, choices: [String] = []
  ) -> OptionRow {
    OptionRow(name: name, choices: choices, scope: scope, treatment: treatment)
  }

  static func integer(_ name: String, _ treatment: Treatment = .implemented) -> OptionRow {
    OptionRow(name: name, isInteger: true, treatment: treatment)
  }

  func with(_ change: (inout OptionRow) -> Void) -> OptionRow {
    var row = self
    change(&row)
    return row
  }

  func abbreviated(_ short: Character) -> OptionRow { with { $0.short = short } }
  var onlyV1: OptionRow { with { $0.versions = .v1 } }
  var onlyV2: OptionRow { with { $0.versions = .v2 } }
}
