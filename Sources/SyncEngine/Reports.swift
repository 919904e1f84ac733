import SyncModel

/// Paths that are left alone, and why; told once, and once more when the cause is gone. Bounded.
struct Reports: Sendable {
  static let capacity = 10_000
  /// By the bytes of the name: canonically equivalent names are different files.
  private var byName: [RelativePath: String] = [:]
  /// Those that the last pass found; what the next one does not find is over.
  private var fromPass: Set<String> = []

  /// Keys that cannot be here, since their name is a folder or they are links that are not made: at the end of the
  /// last pass, and found since.
  private var blocked: Set<String> = []
  private var blockedSince: Set<String> = []

  mutating func noteBlocked(_ path: String) {
    if blockedSince.count < Self.capacity { blockedSince.insert(path) }
  }

  /// At the end of a pass: those that it did not find any more.
  mutating func unblocked() -> Set<String> {
    defer {
      blocked = blockedSince
      blockedSince = []
    }
    return blocked.subtracting(blockedSince)
  }

  /// In the order of their names.
  var all: [PathReport] {
    byName.sorted { $0.key < $1.key }.map { PathReport(name: $0.key.string, reason: $0.value) }
  }

  func reason(_ path: RelativePath) -> String? { byName[path] }

  /// True where this is news.
  mutating func set(_ path: String, _ reason: String?) -> Bool {
    let name = RelativePath(unchecked: path)
    guard byName[name] != reason else { return false }
    if reason != nil, byName.count >= Self.capacity, byName[name] == nil { return false }
    byName[name] = reason
    return true
  }

  /// Whether the last pass that looked at everything found something wrong with the path.
  func isFromPass(_ path: String) -> Bool { fromPass.contains(path) }

  /// The paths whose cause is gone.
  mutating func replacePassReports(_ paths: Set<String>) -> Set<String> {
    defer { fromPass = paths }
    return fromPass.subtracting(paths)
  }
}

extension Engine {
  func report(_ path: String, _ reason: String?) {
    if reports.set(path, reason) { observer.record(.reported(path: path, reason: reason)) }
  }

  /// What a full pass could not sync, by name.
  func reportPass(_ problems: [PathReport]) {
    for problem in problems { report(problem.name, problem.reason) }
    for name in reports.replacePassReports(Set(problems.map(\.name))) { report(name, nil) }
  }
}
