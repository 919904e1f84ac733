import CLinux
import Foundation
import NIOConcurrencyHelpers

/// A person with programs at one node, on a thread of its own: system calls block while a node holds a lease.
///
/// `@unchecked Sendable`: all but `isStopping` is only touched on that thread.
final class TortureUser: @unchecked Sendable {
  struct Habits: Sendable {
    /// Below the root; empty for all of it.
    var area = ""
    /// Microseconds between two actions, at most.
    var pause = 40_000
    /// Of the files; more are deleted sooner.
    var files = 120
    /// Bytes at most of what is larger than one part.
    var largest = 12 << 20
    var makesFoldersOfFiles = true
    /// Bytes at most of a file whose mode or time is changed.
    var largestTouched = Int64.max
  }

  let name: String
  let root: String
  let ledger: TortureLedger
  let habits: Habits
  var generator: TortureGenerator
  var serial = 0
  var open: [OpenFile] = []
  private let isStopping = NIOLockedValueBox(false)
  private let ended = DispatchSemaphore(value: 0)

  init(_ name: String, root: String, ledger: TortureLedger, habits: Habits, seed: UInt64) {
    self.name = name
    self.root = root
    self.ledger = ledger
    self.habits = habits
    generator = TortureGenerator(seed: seed)
  }

  /// A file that the user holds open for writing.
  struct OpenFile {
    var path: String
    var file: Int32
    var inode: ino_t
    /// Of the mapping, where it is written through one.
    var mapping: UnsafeMutableRawPointer?
    var length = 0
    var stepsLeft: Int
  }

  func begin() {
    let thread = Thread { [self] in
      while !isStopping.withLockedValue({ $0 }) {
        usleep(UInt32(generator.below(habits.pause)))
        step()
      }
      while !open.isEmpty { finish(0) }
      ended.signal()
    }
    thread.stackSize = 1 << 20
    thread.start()
  }

  /// Closes all files; what was completed until then counts.
  func end() async {
    isStopping.withLockedValue { $0 = true }
    while ended.wait(timeout: .now()) == .timedOut { try? await Task.sleep(for: .milliseconds(20)) }
    // For whoever asks again.
    ended.signal()
  }

  private func step() {
    if !open.isEmpty, generator.oneIn(3) {
      goOn(generator.below(open.count))
      return
    }
    let files = files()
    let action = generator.pick(files.count < habits.files ? Self.growing : Self.shrinking)!
    ledger.count(action.name)
    action.body(self)(files)
  }

  private typealias Action = (name: String, body: @Sendable (TortureUser) -> ([String]) -> Void)

  private static let anyTime: [Action] = [
    ("overwrite", { user in { user.overwrite($0) } }), ("overwrite", { user in { user.overwrite($0) } }),
    ("append", { user in { user.append($0) } }), ("append", { user in { user.append($0) } }),
    ("truncate", { user in { user.truncate($0) } }), ("patch", { user in { user.patch($0) } }),
    ("write through a mapping", { user in { user.writeThroughMapping($0) } }),
    ("rename over", { user in { user.renameOver($0) } }), ("rename over", { user in { user.renameOver($0) } }),
    ("save like vim", { user in { user.saveLikeVim($0) } }), ("rename", { user in { user.rename($0) } }),
    ("rename", { user in { user.rename($0) } }), ("rename a folder", { user in { _ in user.renameFolder() } }),
    ("hard link", { user in { user.hardLink($0) } }), ("chmod", { user in { user.changeMode($0) } }),
    ("touch", { user in { user.touch($0) } }), ("hold open", { user in { user.holdOpen($0) } }),
    ("hold a mapping", { user in { user.holdMapping($0) } }), ("large", { user in { _ in user.createLarge() } }),
    ("file to folder", { user in { user.fileToFolder($0) } }), ("delete", { user in { user.delete($0) } }),
    ("symbolic link", { user in { _ in user.makeSymbolicLink() } }),
    ("make a folder", { user in { _ in user.makeFolder() } }),
  ]
  private static let growing =
    anyTime + Array(repeating: ("create", { user in { _ in user.create() } }) as Action, count: 9)
  private static let shrinking =
    anyTime + Array(repeating: ("delete", { user in { user.delete($0) } }) as Action, count: 8)
    + Array(repeating: ("delete a folder", { user in { _ in user.deleteFolder() } }) as Action, count: 3)
}

// MARK: - Names

extension TortureUser {
  func absolute(_ path: String) -> String { "\(root)/\(path)" }

  /// The regular files that nobody holds open, in order.
  func files() -> [String] {
    let held = Set(open.map(\.inode))
    return entries().filter { $0.kind == S_IFREG && !held.contains($0.inode) }.map(\.path)
  }

  func folders() -> [String] { entries().filter { $0.kind == S_IFDIR }.map(\.path) }

  struct Found {
    var path: String
    var kind: mode_t
    var inode: ino_t
  }

  func entries(below folder: String? = nil) -> [Found] {
    var found: [Found] = []
    func walk(_ folder: String) {
      for name in names(in: absolute(folder)).sorted() where name != ".martlet" {
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        var status = stat()
        guard lstat(absolute(path), &status) == 0 else { continue }
        let kind = status.st_mode & S_IFMT
        found.append(Found(path: path, kind: kind, inode: status.st_ino))
        if kind == S_IFDIR { walk(path) }
      }
    }
    walk(folder ?? habits.area)
    return found
  }

  func newFolderName() -> String {
    let first = "d\(generator.below(5))"
    let path = generator.oneIn(3) ? "\(first)/e\(generator.below(3))" : first
    return habits.area.isEmpty ? path : "\(habits.area)/\(path)"
  }

  func newName() -> String {
    let folder = generator.oneIn(4) ? habits.area : newFolderName()
    let style = generator.below(12)
    let name = style == 0 ? "zwei  Wörter \(generator.below(9))" : style == 1 ? "a+b%2\(generator.below(9))" : nil
    let leaf = name ?? "f\(generator.below(30))"
    return folder.isEmpty ? leaf : "\(folder)/\(leaf)"
  }

  func makeParents(of path: String) {
    var folder = ""
    for component in path.split(separator: "/").dropLast() {
      folder += folder.isEmpty ? "\(component)" : "/\(component)"
      mkdir(absolute(folder), 0o755)
    }
  }

  /// Unlike any other content.
  func newBytes(_ count: Int) -> [UInt8] {
    serial += 1
    let head = Array("\(name)#\(serial);".utf8)
    return head + noise(max(0, count - head.count), seed: generator.next())
  }

  func smallSize() -> Int { generator.oneIn(12) ? 20_000 + generator.below(200_000) : 10 + generator.below(3000) }
}
