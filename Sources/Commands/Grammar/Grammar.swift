/// The options of one command line, and how they are found.
struct Grammar: Sendable {
  /// As the user calls it.
  let command: String
  /// Whether `--sync-opt-X`, `--sync-opt-up-X` and `--sync-opt-down-X` are understood.
  let hasDirectionPrefixes: Bool
  /// Words that are no options.
  let placeCount: Int
  /// Of a program with option names of its own: a unique beginning of these is taken before any other.
  private let firstRows: [OptionRow]
  private let awsRows: [OptionRow]
  private let ownRows: [OptionRow]

  static let sync = Grammar(
    command: "martlet sync", hasDirectionPrefixes: false, ownRows: MartletOptions.shared + MartletOptions.own)
  static let s3Sync2 = Grammar(
    command: "s3-sync2", hasDirectionPrefixes: true,
    ownRows: MartletOptions.shared + MartletOptions.s3Sync2 + MartletOptions.own)
  static let aws = Grammar(command: "martlet s3 sync", hasDirectionPrefixes: false, ownRows: MartletOptions.besideAWS)

  static let mobius3 = Grammar(
    command: "mobius3", hasDirectionPrefixes: false, placeCount: 4, firstRows: MartletOptions.mobius3,
    without: ["--endpoint-url", "--region", "--log-level"], ownRows: MartletOptions.shared + MartletOptions.own)

  static let iamPolicy = Grammar(
    command: "martlet iam-policy", hasDirectionPrefixes: false,
    ownRows: MartletOptions.shared + MartletOptions.own + MartletOptions.ofPolicies)
  static let s3Sync2Policy = Grammar(
    command: "martlet iam-policy s3-sync2", hasDirectionPrefixes: true,
    ownRows: MartletOptions.shared + MartletOptions.s3Sync2 + MartletOptions.own + MartletOptions.ofPolicies)

  private init(
    command: String, hasDirectionPrefixes: Bool, placeCount: Int = 2, firstRows: [OptionRow] = [],
    without: Set<String> = [], ownRows: [OptionRow]
  ) {
    self.command = command
    self.hasDirectionPrefixes = hasDirectionPrefixes
    self.placeCount = placeCount
    self.firstRows = firstRows
    awsRows = (AWSOptions.sync + AWSOptions.global).filter { !without.contains($0.name) }
    self.ownRows = ownRows.filter { !without.contains($0.name) }
  }

  var rows: [OptionRow] { firstRows + awsRows + ownRows }

  func isOfAWS(_ row: OptionRow) -> Bool { awsRows.contains { $0.name == row.name } }

  enum Match {
    case row(OptionRow)
    case ambiguous([String])
    case none
  }

  /// A unique beginning of a name will do. Our own options make no abbreviation ambiguous that the AWS CLI takes.
  func option(_ name: String) -> Match {
    if let exact = rows.first(where: { $0.name == name }) { return .row(exact) }
    if case .row(let row) = Self.abbreviated(name, among: firstRows) { return .row(row) }
    let found = Self.abbreviated(name, among: awsRows)
    if case .none = found { return Self.abbreviated(name, among: ownRows) }
    return found
  }

  /// An option of `aws s3 sync` alone, as it may stand behind `--sync-opt-up-`.
  static func syncOption(_ name: String) -> Match {
    if let exact = AWSOptions.sync.first(where: { $0.name == name }) { return .row(exact) }
    return abbreviated(name, among: AWSOptions.sync)
  }

  /// An option of `aws` itself, from a word of the command line.
  static func globalOption(_ word: String) -> Match {
    let name = String(word.prefix { $0 != "=" })
    if let exact = AWSOptions.global.first(where: { $0.name == name }) { return .row(exact) }
    return abbreviated(name, among: AWSOptions.global)
  }

  func option(short: Character) -> OptionRow? { ownRows.first { $0.short == short } }

  private static func abbreviated(_ name: String, among rows: [OptionRow]) -> Match {
    let matches = rows.filter { $0.name.hasPrefix(name) }
    // `--` alone, or with what all share, abbreviates nothing.
    guard name.count > 2, let first = matches.first else { return .none }
    return matches.count == 1 ? .row(first) : .ambiguous(matches.map(\.name))
  }
}
