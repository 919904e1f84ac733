import ArgumentParser
import FoundationEssentials
import Martlet

/// Prints what a run with the same options has to be allowed.
struct IAMPolicyCommand: TranslatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "iam-policy",
    abstract: "Print the least IAM policy for martlet sync with the same options.",
    usage: "martlet iam-policy [<LocalPath>] <S3Uri> [options of martlet sync]\n"
      + "martlet iam-policy s3-sync2 [<LocalPath>] <S3Uri> [options of s3-sync2]",
    discussion: """
      Nothing is asked of AWS. The local folder may be left out. The region (--region, AWS_REGION, the profile) decides \
      about the partition, too. More in docs/iam.md.
      """)
  static let grammar = Grammar.iamPolicy

  @OptionGroup(title: "Of the policy") var own: IAMPolicyOptions
  @OptionGroup var options: SyncOptions

  func run(_ translation: ArgumentTranslation) async throws { try Self.print(translation, policy) }

  /// - Throws: `UsageError`.
  func policy(_ environment: [String: String]) throws -> String {
    try own.policy(places: options.places, environment: environment) { places, environment in
      var options = options
      options.places = places
      return try SyncInvocation(options, environment: environment).configuration
    }
  }
}

/// The same for `s3-sync2`, called as `martlet iam-policy s3-sync2`.
struct S3Sync2PolicyCommand: TranslatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "iam-policy-s3-sync2", abstract: "Print the least IAM policy for s3-sync2.",
    usage: "martlet iam-policy s3-sync2 [<LocalPath>] <S3Uri> [options of s3-sync2]", shouldDisplay: false)
  static let grammar = Grammar.s3Sync2Policy

  @OptionGroup(title: "Of the policy") var policyOptions: IAMPolicyOptions
  @OptionGroup(title: "Of s3-sync2") var own: S3Sync2Options
  @OptionGroup var options: SyncOptions

  func run(_ translation: ArgumentTranslation) async throws { try Self.print(translation, policy) }

  /// - Throws: `UsageError`.
  func policy(_ environment: [String: String]) throws -> String {
    try policyOptions.policy(places: options.places, environment: environment) { places, environment in
      var options = options
      options.places = places
      return try S3Sync2Invocation(own, options, environment: environment).sync.configuration
    }
  }
}

extension TranslatedCommand {
  /// What a command says of the environment, or everything that is wrong.
  fileprivate static func print(
    _ translation: ArgumentTranslation, _ text: ([String: String]) throws -> String
  ) throws {
    var problems = translation.problems
    do {
      let text = try text(ProcessInfo.processInfo.environment)
      if problems.isEmpty { return Console.standardOutput.write(text) }
    } catch let error as UsageError {
      problems += error.problems
    }
    throw refused(problems, ExitStatus.usage)
  }
}

/// What only the policy has to know.
struct IAMPolicyOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The account that queue, topic, rule, key and distribution are in.", valueName: "digits"))
  var account: String?

  @Flag(help: "The bucket keeps versions: files are read by their version.")
  var versioned = false

  /// - Parameter configuration: of the places and variables; the local folder does not matter and may be left out.
  /// - Throws: `UsageError`.
  func policy(
    places: [String], environment: [String: String],
    _ configuration: ([String], [String: String]) throws -> Configuration
  ) throws -> String {
    let isLocalMissing = places.count == 1 && places[0].hasPrefix("s3://")
    var variables = environment
    // Where a variable names the bucket the folder is one, too.
    if variables["MARTLET_S3_URI"] != nil || variables["S3_URI"] != nil {
      variables.merge(["MARTLET_LOCAL_PATH": "."]) { given, _ in given }
    }
    let found = try configuration(isLocalMissing ? ["."] + places : places, variables)
    var scope = PolicyScope()
    scope.keepsVersions = versioned
    scope.region = try region(found, environment)
    if let account {
      guard account.utf8.count == 12, account.utf8.allSatisfy({ (48...57).contains($0) }) else {
        throw UsageError(problems: ["--account \(account): give the twelve digits of an account"])
      }
      scope.account = account
    }
    return try IAMPolicy(found, scope).json
  }

  private func region(_ configuration: Configuration, _ environment: [String: String]) throws -> String? {
    do {
      return try configuration.policyRegion(environment: environment)
    } catch {
      throw UsageError(problems: ["\(error)"])
    }
  }
}
