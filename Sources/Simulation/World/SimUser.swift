import SyncModel

/// A person, or their programs, at one node: works on the disk only, in steps between which anything happens.
///
/// `@unchecked Sendable`: used only on the world's thread.
final class SimUser: @unchecked Sendable {
  let node: SimNode
  let oracle: Oracle
  let executor: SimExecutor
  /// Where this user's programs run.
  let lane: SimLane
  let names: NamePool
  private let parts: Parts
  /// Of the action under way.
  var generator = SeededGenerator(seed: 0)
  /// Names the contents of the action under way.
  var action = ""
  var serial = 0
  /// Of the machine when a file was opened last: after another one it is no longer open.
  var powerFailures = 0

  init(node: SimNode, oracle: Oracle, names: NamePool, parts: Parts) {
    self.node = node
    self.oracle = oracle
    self.names = names
    self.parts = parts
    executor = node.environment.executor
    lane = SimLane(of: executor)
  }

  var disk: SimFileSystem { node.disk }

  /// Files that are there before the first run of the engine.
  func prepare(_ count: Int) async {
    for number in 0..<count where begin("before", number) { await create(names.path(&generator)) }
  }

  /// Acts now and then until the virtual time `end`, in nanoseconds. When an action is due does not depend on others.
  func work(until end: Int64, haste: Int64) async {
    var due = executor.now
    var number = 0
    // Whoever is late by as much again leaves the rest.
    while due < end, executor.now < 2 * end {
      var pause = parts.generator("pause:\(node.name):\(number)")
      due += Int64(pause.below(Int(haste)))
      await executor.pause(due - executor.now)
      // Half of them in the middle of something that the engine does.
      switch pause.below(8) {
      case 0: await node.interference.wait(.calls(1 + pause.below(100)), atMost: 500_000_000)
      case 1, 2: await node.interference.wait(.commit(isNext: false), atMost: 3_000_000_000)
      case 3: await node.interference.wait(.read, atMost: 3_000_000_000)
      default: break
      }
      if begin("action", number) { await act() }
      number += 1
    }
  }

  /// False where the action is left out.
  private func begin(_ kind: String, _ number: Int) -> Bool {
    guard let generator = parts.take("\(kind):\(node.name):\(number)") else { return false }
    self.generator = generator
    action = "\(node.name)\(kind == "before" ? "<" : "")\(number)"
    serial = 0
    return true
  }

  func act() async {
    let action = generator.pick(UserAction.weighted)
    oracle.count("user \(action)")
    switch action {
    case .create: await create(names.path(&generator))
    case .overwrite: await overwrite()
    case .overwriteUnnoticed: await overwriteUnnoticed()
    case .append: await append()
    case .truncate: await truncate()
    case .replace: await replace()
    case .saveLikeVim: await saveLikeVim()
    case .rename: rename()
    case .renameFolder: renameFolder()
    case .delete: if let file = someLeaf() { delete(file) }
    case .deleteFolder: await deleteFolder()
    case .makeFolder: makeFolder(names.directory(&generator))
    case .removeFolder:
      if let folder = generator.pickAny(disk.directories().filter(names.isOwn)), disk.remove(folder) {
        say("rmdir \(folder)")
      }
    case .changeMode: changeMode()
    case .touch: touch()
    case .hardLink: hardLink()
    case .symlink: symlink()
    case .writeLate: await writeLate()
    case .keepOpen: await keepOpen()
    case .fileToFolder: await fileToFolder()
    case .closeFolder: await closeFolder()
    case .folderToFile: await folderToFile()
    case .deleteAll: await deleteAll()
    case .burst: await burst()
    case .keepLog: await keepLog()
    case .keepDatabase: await keepDatabase()
    case .fight: await fight()
    case .writeMapped: await writeMapped()
    }
  }
}
