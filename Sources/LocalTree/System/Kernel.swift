package import CLinux
internal import Glibc

/// The system calls by which `LocalTree` acts, so that the simulation can run between any two of them.
///
/// Like CLinux: a call returns a value of zero or more, or minus errno. Nothing but `openFollowing` follows a link in the
/// last component.
package protocol Kernel: Sendable {
  // MARK: names
  /// `openat` with `O_CLOEXEC`.
  func open(_ directory: Int32, _ path: String, _ flags: Int32, _ mode: UInt32) -> Int32
  /// `openat2`, neither leaving `directory` nor following any link.
  func openBeneath(_ directory: Int32, _ path: String, _ flags: Int32) -> Int32
  /// `openat2`, following links, where `beneath` only as long as they stay below `directory`; EXDEV otherwise.
  func openFollowing(_ directory: Int32, _ path: String, _ flags: Int32, beneath: Bool) -> Int32
  func close(_ file: Int32)
  /// An empty name means the descriptor itself.
  func status(_ directory: Int32, _ name: String, _ status: inout clinux_status) -> Int32
  /// Calls `body` with the bytes and type of each name, `.` and `..` included, until it returns false.
  func forEachName(
    _ directory: Int32, _ body: (UnsafeRawBufferPointer, _ type: UInt8) throws -> Bool
  ) throws -> Int32
  func makeDirectory(_ directory: Int32, _ name: String, _ mode: UInt32) -> Int32
  func unlink(_ directory: Int32, _ name: String) -> Int32
  func removeDirectory(_ directory: Int32, _ name: String) -> Int32
  func rename(
    _ fromDirectory: Int32, _ from: String, _ toDirectory: Int32, _ to: String, _ kind: RenameKind
  ) -> Int32
  func link(_ fromDirectory: Int32, _ from: String, _ toDirectory: Int32, _ to: String) -> Int32
  func makeLink(_ directory: Int32, _ name: String, to target: [UInt8]) -> Int32
  func linkTarget(_ directory: Int32, _ name: String, into buffer: UnsafeMutableRawBufferPointer) -> Int

  // MARK: contents
  func read(_ file: Int32, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int
  func write(_ file: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int64) -> Int
  func truncate(_ file: Int32, to size: Int64) -> Int32
  func sync(_ file: Int32) -> Int32
  func allocate(_ file: Int32, _ size: Int64) -> Int32
  func clone(_ to: Int32, from: Int32) -> Int32

  // MARK: attributes
  func setMode(_ file: Int32, _ mode: UInt32) -> Int32
  /// `UInt32.max` leaves as is.
  func setOwner(_ file: Int32, _ owner: UInt32, _ group: UInt32) -> Int32
  func setOwner(ofLink name: String, in directory: Int32, _ owner: UInt32, _ group: UInt32) -> Int32
  /// Nanoseconds since 1970.
  func setModified(_ file: Int32, _ time: Int64) -> Int32
  func setModified(ofLink name: String, in directory: Int32, _ time: Int64) -> Int32
  func attributeNames(_ file: Int32, _ names: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int
  func attribute(_ file: Int32, _ name: String, _ value: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int
  func setAttribute(_ file: Int32, _ name: String, _ value: [UInt8]) -> Int32
  func space(_ file: Int32, _ space: inout clinux_space) -> Int32

  // MARK: leases and locks
  /// A read lease. -EAGAIN: somebody has the file open for writing, or mapped so.
  func takeLease(_ file: Int32) -> Int32
  /// Whether nobody asked to write since.
  func isLeaseHeld(_ file: Int32) -> Bool
  func releaseLease(_ file: Int32)
  func lockExclusively(_ file: Int32) -> Int32

  // MARK: events
  func makeEventQueue() -> Int32
  /// Returns the watch's number.
  func watch(_ queue: Int32, _ directory: Int32, _ mask: UInt32) -> Int32
  func unwatch(_ queue: Int32, _ watch: Int32)
  /// Packed `inotify_event`s, zero where there are none.
  func readEvents(_ queue: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int

  // MARK: mounts
  /// The mounts at `path` and below it by their numbers, as `status` gives them, and where they are below `path`;
  /// nil where nobody knows.
  func mounts(below path: String) -> [UInt64: String]?
  /// A descriptor for `mountsMayDiffer`.
  func openMountList() -> Int32
  /// Whether something may have been mounted or unmounted since the list was opened, or since it was asked last.
  func mountsMayDiffer(_ list: Int32) -> Bool

  // MARK: the process
  var processID: Int32 { get }
  var hostName: String { get }
  /// Of new files.
  var umask: UInt32 { get }
  /// How long a stamp may stand still while a file changes: the resolution of the clock of stamps, nanoseconds.
  var tick: Int64 { get }
  /// Nanoseconds since 1970, as a stamp of this moment would say at the earliest.
  func now() -> Int64
  /// Nanoseconds.
  func uptime() -> Int64
  func pause(microseconds: UInt32)
  func random() -> UInt64
}

extension Kernel {
  package func mounts(below path: String) -> [UInt64: String]? { nil }
  package func openMountList() -> Int32 { -ENOSYS }
  package func mountsMayDiffer(_ list: Int32) -> Bool { true }

  package func openFollowing(_ directory: Int32, _ path: String, _ flags: Int32, beneath: Bool) -> Int32 { -ENOSYS }
}

package enum RenameKind: Sendable {
  case replacing
  /// Refused with EEXIST where the name is taken.
  case withoutReplacing
  case exchange
}
