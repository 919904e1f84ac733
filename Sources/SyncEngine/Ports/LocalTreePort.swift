package import SyncModel

/// The root as the engine sees it. Everything is confined below the root (I6); every change is
/// verified by the commit protocol of docs/architecture.md, not by a check followed by a rename (I2).
///
/// Every function throws `LocalFailure`.
package protocol LocalTreePort: Sendable {
  /// Looks at one path without following links.
  func observe(_ path: RelativePath) async throws -> LocalObservation

  /// Entries below `directory` (`.root` for all) in tree order, parents before their entries, batched.
  func walk(_ directory: RelativePath) -> any LocalWalk

  /// Names in one directory that are neither reserved nor left out by `isIncluded`; stops at the first.
  func hasEntries(_ directory: RelativePath, where isIncluded: @Sendable (RelativePath) -> Bool) async throws -> Bool

  /// Reads a small leaf (a link's content is its target) in one stable look: lease, stat, read, stat.
  /// Fails with `.changed` where the stamp is not `expected` or did not hold still.
  ///
  /// Of a file that somebody has open for writing, a version as `open` asks for is read, which may be later than
  /// `expected`; fails with `.busy` where there is none. It is never a mix of two versions.
  func read(_ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion) async throws
    -> SmallContent

  /// Reads a leaf of any size only to identify its content; same failures.
  func fingerprint(_ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion) async throws
    -> ContentCheck

  /// Opens a large file for a stable read; same failures.
  func openSnapshot(_ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion) async throws
    -> any LocalSnapshot

  /// Whether somebody has the file open for writing, or mapped so, at this moment; false where the kernel does not
  /// tell (not the owner, no leases), and of what is no file.
  func isOpenForWriting(_ path: RelativePath) async throws -> Bool

  /// A new file below `tmp/` of the mount on which `path` lies, `size` bytes long when complete.
  func stage(for path: RelativePath, size: Int64) async throws -> any StagedFile

  /// Makes `content` the entry at `path`, replacing exactly `expected` (nil: the name must be absent).
  /// Missing parents are created. The displaced version goes to the trash.
  func install(
    _ content: InstallContent, at path: RelativePath, metadata: EntryMetadata, fingerprint: Fingerprint,
    replacing expected: ExpectedLocal?
  ) async throws -> InstallOutcome

  /// Takes exactly `expected` out of the tree into the trash.
  func remove(_ path: RelativePath, expecting expected: ExpectedLocal) async throws -> RemovalOutcome

  /// Copies the content of `path` to the absent name `copy`.
  func copyAside(_ path: RelativePath, expecting expected: ExpectedLocal, to copy: RelativePath) async throws
    -> CopyOutcome

  /// Keeps a content that came from the bucket in the trash, as the lost version of `path`.
  func keepInTrash(_ content: InstallContent, of path: RelativePath, fingerprint: Fingerprint) async throws

  /// Creates the directory and missing parents; an existing directory is success.
  func makeDirectory(_ path: RelativePath, metadata: EntryMetadata?) async throws -> LocalStamp

  /// `rmdir`: never removes an entry.
  func removeDirectory(_ path: RelativePath) async throws -> DirectoryRemovalOutcome

  /// Gives `path` a mode and a modification time where its stamp is still `expected`.
  func applyMetadata(_ metadata: EntryMetadata, to path: RelativePath, expecting expected: LocalStamp) async throws
    -> MetadataOutcome

  /// Why nothing is ever changed at `path`, though it can be read: it lies behind a link that is followed.
  func refusal(toChange path: RelativePath) async throws -> String?

  /// Makes the names in these directories durable. Called before base rows are written.
  func sync(_ directories: Set<RelativePath>) async throws

  /// Runs until cancelled: hands hints to `sink`, watches displaced files, keeps the trash in bounds.
  func run(_ sink: any HintSink) async throws

  /// Whether changes announce themselves, or only a walk finds them.
  var watchState: WatchState { get async }

  /// The mount of the root, or a failure that says why the root is not what it was (I8): vanished,
  /// another volume in its place.
  func checkRoot() async throws -> MountID
}

extension LocalTreePort {
  package func refusal(toChange path: RelativePath) async throws -> String? { nil }
}

package struct ContentCheck: Hashable, Sendable {
  package var fingerprint: Fingerprint
  package var stamp: LocalStamp
  /// The stamp may not prove later that nothing changed.
  package var isProvisional: Bool

  package init(fingerprint: Fingerprint, stamp: LocalStamp, isProvisional: Bool) {
    self.fingerprint = fingerprint
    self.stamp = stamp
    self.isProvisional = isProvisional
  }
}

package enum LocalObservation: Hashable, Sendable {
  /// `ENOENT`; `mount` is that of the nearest existing ancestor.
  case absent(mount: MountID)
  case present(LocalStamp)
  /// A socket, device, pipe, a link that leads out of the root: never synced, reported by `reason`.
  case unsupported(reason: String)
  /// An ancestor is a leaf.
  case below(leaf: RelativePath)
}

package struct LocalEntry: Hashable, Sendable {
  package var path: RelativePath
  package var stamp: LocalStamp

  package init(path: RelativePath, stamp: LocalStamp) {
    self.path = path
    self.stamp = stamp
  }
}

/// One look through a tree, in S3's order; a directory comes before its entries as `name/`.
package protocol LocalWalk: AnyObject, Sendable {
  /// The next entries; empty at the end. Not called concurrently.
  func next() async throws -> LocalBatch
}

package struct LocalBatch: Sendable {
  package var entries: [LocalEntry]
  /// What cannot be synced, by name and reason; for the report.
  package var problems: [PathReport]
  /// Directories whose content could not be read: absences below them prove nothing. Leaves that could not: nor do
  /// theirs.
  package var unreadable: [RelativePath]
  package var isLast: Bool

  package init(
    entries: [LocalEntry] = [], problems: [PathReport] = [], unreadable: [RelativePath] = [], isLast: Bool = false
  ) {
    self.entries = entries
    self.problems = problems
    self.unreadable = unreadable
    self.isLast = isLast
  }
}

/// A path or key that is left alone, and why.
package struct PathReport: Hashable, Sendable {
  /// The name as found; not always a valid path.
  package var name: String
  package var reason: String

  package init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }
}

/// The version that a change expects to find, and how to recognise it.
package struct ExpectedLocal: Hashable, Sendable {
  package var stamp: LocalStamp
  /// Compared where stamps prove nothing (provisional rows, no lease).
  package var fingerprint: Fingerprint?
  /// The base row was provisional: compare the content in any case.
  package var isProvisional: Bool
  /// The bucket holds this content, or held it when its successor was written: it may expire from the
  /// trash. Otherwise it never does.
  package var isInBucket: Bool

  package init(stamp: LocalStamp, fingerprint: Fingerprint?, isProvisional: Bool = false, isInBucket: Bool) {
    self.stamp = stamp
    self.fingerprint = fingerprint
    self.isProvisional = isProvisional
    self.isInBucket = isInBucket
  }
}

package enum InstallContent: Sendable {
  case bytes([UInt8])
  case staged(any StagedFile)
  case symlink(target: [UInt8])
}

package enum InstallOutcome: Hashable, Sendable {
  /// The stamp as read back. Provisional: it may not prove later that nothing changed.
  case installed(LocalStamp, isProvisional: Bool)
  /// The target was not the expected version: plan again. Nothing is lost: what was found stands there,
  /// or became a conflict copy that was hinted.
  case changed
  /// Somebody keeps the target open for writing.
  case busy
  /// A directory stands at the name, or an ancestor is a leaf.
  case obstructed(by: RelativePath)
}

package enum RemovalOutcome: Hashable, Sendable {
  case removed
  case absent
  case changed
  case busy
}

package enum CopyOutcome: Hashable, Sendable {
  case copied(LocalStamp, Fingerprint)
  /// The name holds an equal content already.
  case existed
  /// The name holds something else.
  case taken
  case changed
  case busy
}

package enum DirectoryRemovalOutcome: Hashable, Sendable {
  case removed
  case absent
  case notEmpty
}

package enum MetadataOutcome: Hashable, Sendable {
  case applied(LocalStamp)
  case changed
}

package enum WatchState: Hashable, Sendable {
  /// Every directory is watched.
  case live
  /// Some or all directories are only found by a walk, for this reason.
  case scanning(reason: String)
}
