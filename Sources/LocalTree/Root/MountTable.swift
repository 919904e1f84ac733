internal import CLinux
internal import Glibc
internal import NIOConcurrencyHelpers
internal import SyncEngine
internal import SyncModel

/// The mounts below the root by the kernel's numbers; one that is met for the first time gets its own
/// state folder.
final class MountTable: Sendable {
  enum Entry {
    case usable(Mount)
    /// It cannot hold our state: what lies on it is left alone.
    case unusable(reason: String)
  }

  private let entries: NIOLockedValueBox<[UInt64: Entry]>
  private let make: @Sendable (Descriptor, FileStatus, [MountID]) throws -> Mount

  /// - Parameter make: Opens or makes the state folder in a mount's topmost directory.
  init(root: Mount, make: @escaping @Sendable (Descriptor, FileStatus, [MountID]) throws -> Mount) {
    entries = NIOLockedValueBox([root.kernelID: .usable(root)])
    self.make = make
  }

  var all: [Mount] {
    entries.withLockedValue { entries in
      entries.values.compactMap { if case .usable(let mount) = $0 { mount } else { nil } }
    }
  }

  func known(_ kernelID: UInt64) -> Entry? { entries.withLockedValue { $0[kernelID] } }

  /// `top` is the mount's topmost directory below the root.
  func entry(at top: Descriptor, status: FileStatus) -> Entry {
    entries.withLockedValue { entries in
      if let known = entries[status.mount] { return known }
      let taken = entries.values.compactMap { if case .usable(let mount) = $0 { mount.id } else { nil } }
      let entry: Entry
      do { entry = .usable(try make(top, status, taken)) } catch {
        entry = .unusable(reason: "lies on a mount that cannot hold Martlet's state folder (\(Self.text(of: error)))")
      }
      entries[status.mount] = entry
      return entry
    }
  }

  private static func text(of error: any Error) -> String { (error as? SystemError)?.text ?? "\(error)" }
}
