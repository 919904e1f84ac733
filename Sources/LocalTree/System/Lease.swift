internal import CLinux
internal import Glibc

/// A read lease on an open file: while it is held nobody has begun to write.
///
/// An opener for writing waits in the kernel until the lease is released (or 45 s have passed), so it is
/// held for as short as can be.
struct Lease {
  enum State: Hashable {
    case held
    /// Somebody has the file open for writing, or mapped so.
    case refused
    /// Not the owner, or the file system has none: stamps and contents decide.
    case unavailable
  }

  let state: State
  private let file: Descriptor

  /// Tries until `patience` is over.
  /// - Parameter patience: Microseconds.
  init(on file: Descriptor, patience: UInt32 = 0, isPossible: Bool = true) {
    self.file = file
    guard isPossible else {
      state = .unavailable
      return
    }
    var waited: UInt32 = 0
    var pause: UInt32 = 20
    while true {
      let result = file.kernel.takeLease(file.raw)
      if result == 0 {
        state = .held
        return
      }
      guard result == -EAGAIN else {
        state = .unavailable
        return
      }
      guard waited < patience else {
        state = .refused
        return
      }
      file.kernel.pause(microseconds: pause)
      waited += pause
      pause = min(pause * 2, 2_000)
    }
  }

  /// Nobody has asked to write since; true where there is no lease, since then it tells nothing.
  var isUnbroken: Bool { state != .held || file.kernel.isLeaseHeld(file.raw) }

  func release() {
    if state == .held { file.kernel.releaseLease(file.raw) }
  }
}
