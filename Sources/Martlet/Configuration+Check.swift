import AWSKit
import SyncModel

extension Configuration {
  /// Everything that is wrong with the values themselves; empty where they can be used. What only the file
  /// system or the server can tell is told when the run starts.
  public var problems: [String] {
    var problems: [String] = []
    do { _ = try place } catch { problems.append(error.description) }
    if directions.isEmpty { problems.append("--only-up, --only-down: exclude each other: give one of them") }
    if root.isEmpty { problems.append("the local folder is empty text: give a path") }
    if let endpointURL {
      do { _ = try S3Endpoint(url: endpointURL) } catch {
        // What stands before an @ may be a password.
        let shown = endpointURL.split(separator: "@", omittingEmptySubsequences: false)
        problems.append("--endpoint-url \(shown.count > 1 ? "…@" : "")\(shown.last ?? ""): \(error)")
      }
    }
    if let nodeID, let problem = NodeIdentity.problem(with: nodeID) {
      problems.append("--node-id \(nodeID): \(problem)")
    }
    if unsafeLinks, symlinks != .follow {
      problems.append("--unsafe-links: says which links are followed; give --symlinks follow, too")
    }
    do { _ = try patterns() } catch { problems.append(error.message) }
    if let startupMetric { problems += startupMetric.problems }
    problems += objects.problems
    problems += bandwidthProblems
    if let stateDir, let problem = stateDirectoryProblem(stateDir) { problems.append(problem) }
    if let cloudFront { problems += cloudFront.problems }
    if let lease { problems += lease.problems }
    if let journal { problems += journal.problems(try? place) }
    if let eventQueue { problems += eventQueue.problems(location) }
    return problems
  }

  /// Bucket and prefix.
  var place: S3Location {
    get throws(S3Location.Problem) { try S3Location(parsing: location, prefixIsText: prefixIsText) }
  }

  /// Throws with what is wrong with a regular expression.
  func patterns() throws(MartletError) -> PathPatterns {
    func pattern(_ text: String?, _ option: String) throws(MartletError) -> PythonPattern? {
      guard let text else { return nil }
      do throws(PythonPattern.Problem) { return try PythonPattern(parsing: text) } catch {
        throw MartletError(.configuration, "\(option) \(text): \(error): see docs/migrating.md for what is understood")
      }
    }
    return PathPatterns(
      local: try pattern(excludedLocally, "--exclude-local"), remote: try pattern(excludedRemotely, "--exclude-remote"),
      root: root)
  }

  private func stateDirectoryProblem(_ directory: String) -> String? {
    guard let root = FileCalls.resolved(root) else { return nil }
    let directory = FileCalls.resolved(directory) ?? FileCalls.absolute(directory)
    let isInside = directory == root || directory.hasPrefix(root + "/") && !directory.hasPrefix(root + "/.martlet")
    return isInside ? "--state-dir \(directory): lies in the folder that is synced; name a place outside" : nil
  }
}

extension Configuration {
  /// Why nothing is written to the server, in words; nil where something may be.
  var nothingIsSent: String? {
    if dryRun { return "nothing is written: --dryrun" }
    return directions.contains(.up) ? nil : "nothing is written to the bucket: --only-down"
  }
}

extension Configuration {
  /// Whether other nodes take part in what this one does, by its id.
  var tellsOfItself: Bool { (lease != nil || eventQueue != nil || journal != nil) && !once && nothingIsSent == nil }
}

extension Configuration.Symlinks {
  /// Why a link is left alone.
  var refusal: String { "is a symbolic link, and --symlinks is “\(rawValue)”" }

  /// Of links that were asked to be left out, on either side: they are as little out of sync as what is excluded.
  static let leftOut = skip.refusal
}

extension Configuration.Filter {
  var rule: Filters.Rule {
    switch self {
    case .exclude(let pattern): .exclude(pattern)
    case .include(let pattern): .include(pattern)
    }
  }
}

extension Configuration.MaximumDeletion {
  /// Takes `N`, `N%` or `none`.
  public init?(parsing text: String) {
    guard let limit = try? DeletionLimit(parsing: text) else { return nil }
    switch limit {
    case .standard: self = .standard
    case .files(let count): self = .count(count)
    case .percent(let share): self = .percent(share)
    case .unlimited: self = .unlimited
    }
  }

  var limit: DeletionLimit {
    switch self {
    case .standard: .standard
    case .count(let count): .files(count)
    case .percent(let share): .percent(share)
    case .unlimited: .unlimited
    }
  }
}
