import Martlet

extension SyncInvocation {
  /// A call of `aws s3 sync`: once, from the first place to the second, with deletions only where they are asked for.
  /// There these concern everything that the source lacks, folders without files are nothing, and links are followed
  /// wherever they lead.
  static func ofTheAWSCLI(
    _ options: SyncOptions, environment: [String: String]
  ) throws(UsageError) -> SyncInvocation {
    var invocation = try SyncInvocation(options, dialect: .aws, environment: environment)
    let isUpload = options.places.first?.hasPrefix("s3://") == false
    invocation.configuration.once = true
    invocation.configuration.directions = isUpload ? .up : .down
    if !invocation.configuration.deletes.isEmpty {
      invocation.configuration.firstSync = isUpload ? .local : .remote
      invocation.configuration.mirrorsAtStart = true
    }
    if options.selection.directories == nil { invocation.configuration.directories = .none }
    // What uploads do there without a word; a download makes links of what was uploaded as links.
    let isSilent =
      options.selection.symlinks == nil && environment[SettingReader.variable("--symlinks"), default: ""].isEmpty
    if isUpload, isSilent, invocation.configuration.symlinks == .preserve {
      invocation.configuration.symlinks = .follow
      invocation.configuration.unsafeLinks = true
    }
    invocation.settleDirections()
    return invocation
  }
}
