import ArgumentParser
import Martlet

struct CloudFrontOptions: ParsableArguments {
  @Option(
    name: [.customShort("c"), .long],
    help: ArgumentHelp("A CloudFront distribution to invalidate after uploads; 0 for none.", valueName: "id"))
  var cfDistID: String?

  @Option(
    help: ArgumentHelp(
      "What is invalidated: paths with blanks between them (default “/*”), or “changed” for those that changed.",
      valueName: "paths"))
  var cfInvalPaths: String?

  @Flag(help: "Invalidate also after changes that came from the bucket.")
  var cfInvalAlways = false

  func read(_ reader: inout SettingReader, _ notes: inout [String]) -> Configuration.CloudFront? {
    let distribution = reader.text("--cf-dist-id", cfDistID) ?? ""
    let paths = reader.text("--cf-inval-paths", cfInvalPaths)
    let always = reader.flag("--cf-inval-always", cfInvalAlways ? true : nil)
    guard !distribution.isEmpty, distribution != "0" else {
      if cfInvalPaths != nil || cfInvalAlways {
        notes.append("--cf-inval-paths, --cf-inval-always: have no effect without --cf-dist-id")
      }
      return nil
    }
    var cloudFront = Configuration.CloudFront(distribution: distribution)
    if let paths { cloudFront.paths = Configuration.CloudFront.Paths(parsing: paths) }
    if let always { cloudFront.always = always }
    return cloudFront
  }
}
