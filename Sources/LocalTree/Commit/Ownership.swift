internal import CLinux
internal import Glibc
internal import Logging
internal import NIOConcurrencyHelpers
internal import SyncModel

/// Whether owners are a part of what is synced (`--preserve-owner`), and how entries get theirs.
///
/// Not every process may give files away: what it may not do is told once and fails nothing. The entry then keeps the
/// owner that it has here, and the object the one that it carries.
final class Ownership: Sendable {
  let isKept: Bool
  private let logger: Logger
  private let isTold = NIOLockedValueBox(false)

  init(isKept: Bool, logger: Logger) {
    self.isKept = isKept
    self.logger = logger
  }

  /// Gives the file its owner, after everything else: who gave it away may do no more to it.
  ///
  /// - Parameter mode: what the file is to have; a change of owner takes the setuid and setgid bits away.
  func give(_ owner: Owner?, to file: Descriptor, mode: UInt32, of path: RelativePath) throws {
    guard isKept, let owner, try file.status().owner != owner else { return }
    attempt(owner, path) { user, group in file.kernel.setOwner(file.raw, user, group) }
    if mode & 0o6000 != 0, try file.status().permissions != mode { _ = file.kernel.setMode(file.raw, mode) }
  }

  func give(_ owner: Owner?, toLink name: String, in directory: Descriptor, of path: RelativePath) throws {
    guard isKept, let owner, try directory.status(of: name).owner != owner else { return }
    attempt(owner, path) { user, group in
      directory.kernel.setOwner(ofLink: name, in: directory.raw, user, group)
    }
  }

  private func attempt(_ owner: Owner, _ path: RelativePath, _ set: (UInt32, UInt32) -> Int32) {
    let result = set(owner.user, owner.group)
    if result == 0 { return }
    // The owner of a file may give it to the groups that he is in.
    _ = set(.max, owner.group)
    let isNews = isTold.withLockedValue { isTold in
      defer { isTold = true }
      return !isTold
    }
    guard isNews else { return }
    logger.warning(
      "--preserve-owner: files keep the owner that they have here; giving them away takes root or CAP_CHOWN",
      metadata: ["path": "\(path)", "reason": "\(SystemError(-result).text)"])
  }
}
