import Foundation

/// Somebody who changes the folders of many nodes, now here and now there, below `work/`.
struct FleetUser {
  enum Change: CaseIterable {
    case create, modify, delete, rename, renameFolder, changeMode, link
  }

  private(set) var counts: [Change: Int] = [:]
  private var generator: TortureGenerator
  private var number = 0
  /// Where it works, so that what concerns a few of its files does not concern the whole root.
  static let folder = "work"

  init(seed: UInt64) { generator = TortureGenerator(seed: seed) }

  /// Makes one change; a new file where there is nothing to change.
  mutating func change(_ nodes: [Node]) throws {
    number += 1
    let root = nodes[generator.below(nodes.count)].path(Self.folder)
    // At first half of them are new files, so that there is something to change.
    let isSmall = counts[.create, default: 0] - counts[.delete, default: 0] < 150
    let wanted = isSmall && generator.oneIn(2) ? .create : Change.allCases[generator.below(Change.allCases.count)]
    if wanted != .create, try perform(wanted, root) {
      counts[wanted, default: 0] += 1
    } else {
      try write(try newPath(root, "f"), "\(number) of \(root)\n")
      counts[.create, default: 0] += 1
    }
  }

  /// In a folder that is there.
  private mutating func newPath(_ root: String, _ kind: String) throws -> String {
    let folder = "\(root)/d\(generator.below(12))"
    try makeFolder(folder)
    return "\(folder)/\(kind)\(number)"
  }

  /// False where something has gone meanwhile: nodes change the same folders.
  private mutating func perform(_ change: Change, _ root: String) throws -> Bool {
    guard let folder = generator.pick(names(in: root).sorted()).map({ "\(root)/\($0)" }) else { return false }
    guard let file = generator.pick(names(in: folder).sorted()).map({ "\(folder)/\($0)" }) else { return false }
    switch change {
    case .create: return false
    case .modify:
      guard let before = text(file) else { return false }
      try write(file, "\(before)and \(number)\n")
    case .delete: return unlink(file) == 0
    case .rename: return Foundation.rename(file, try newPath(root, "r")) == 0
    case .renameFolder:
      // Not often: each is as much as all the others that its files have seen.
      return generator.oneIn(counts[.renameFolder] == nil ? 2 : 12)
        && Foundation.rename(folder, "\(root)/e\(number)") == 0
    case .changeMode:
      var status = stat()
      guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
      return chmod(file, status.st_mode & 0o7777 == 0o640 ? 0o755 : 0o640) == 0
    case .link: try link(try newPath(root, "l"), to: String(file.split(separator: "/").last ?? "nothing"))
    }
    return true
  }
}
