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

  private struct Known {
    var entry: Entry
    /// Nanoseconds of uptime.
    var since: Int64
  }

  /// Nanoseconds after which a mount that could not hold our state is tried again. A usable one is pinned by its
  /// open folders until it is forgotten, so the kernel cannot give its number to another.
  private static let retryInterval: Int64 = 30_000_000_000

  private let kernel: any Kernel
  private let root: UInt64
  /// Of the root, as the user gave it.
  private let path: String
  private let entries: NIOLockedValueBox<[UInt64: Known]>
  private let make: @Sendable (Descriptor, FileStatus, [MountID]) throws -> Mount

  /// Lets go of mounts that are gone, which a lazy unmount leaves to whoever has them open. The root's stays.
  ///
  /// Where one is mounted again it is met under another number, and its lock must be free by then.
  func forget(allBut present: Set<UInt64>) {
    let gone = entries.withLockedValue { entries in
      let gone = entries.filter { $0.key != root && !present.contains($0.key) }
      for number in gone.keys { entries[number] = nil }
      return gone
    }
    withExtendedLifetime(gone) {}
  }

  /// - Parameter make: Opens or makes the state folder in a mount's topmost directory.
  init(root: Mount, path: String, make: @escaping @Sendable (Descriptor, FileStatus, [MountID]) throws -> Mount) {
    self.root = root.kernelID
    self.path = path
    entries = NIOLockedValueBox([root.kernelID: Known(entry: .usable(root), since: 0)])
    self.make = make
    kernel = root.state.kernel
  }

  var all: [Mount] {
    entries.withLockedValue { entries in
      entries.values.compactMap { if case .usable(let mount) = $0.entry { mount } else { nil } }
    }
  }

  func known(_ kernelID: UInt64) -> Entry? { entries.withLockedValue { valid($0[kernelID]) } }

  private func valid(_ known: Known?) -> Entry? {
    guard let known else { return nil }
    if case .unusable = known.entry, kernel.uptime() - known.since > Self.retryInterval { return nil }
    return known.entry
  }

  /// `top` is the mount's topmost directory below the root.
  func entry(at top: Descriptor, status: FileStatus) -> Entry {
    if let known = known(status.mount) { return known }
    // Where nothing watches the mounts this is when one is missed: what is met here may be the same volume again,
    // whose state we would have locked ourselves.
    if let present = kernel.mounts(below: path) { forget(allBut: Set(present.keys)) }
    return entries.withLockedValue { entries in
      if let known = valid(entries[status.mount]) { return known }
      let taken = entries.values.compactMap { if case .usable(let mount) = $0.entry { mount.id } else { nil } }
      let entry: Entry
      do { entry = .usable(try make(top, status, taken)) } catch {
        entry = .unusable(reason: "lies on a mount that cannot hold Martlet's state folder (\(Self.text(of: error)))")
      }
      entries[status.mount] = Known(entry: entry, since: kernel.uptime())
      return entry
    }
  }

  private static func text(of error: any Error) -> String { (error as? SystemError)?.text ?? "\(error)" }
}
