internal import Glibc
internal import SyncEngine

/// A system call that failed, before it is known which path of the tree it concerns.
struct SystemError: Error, Hashable {
  var code: Int32

  init(_ code: Int32) { self.code = code }

  /// What the C library says about the code.
  var text: String { String(cString: strerror(code)) }
}

/// The value of a kernel call, which returns minus errno where it failed.
@discardableResult
func check<Value: SignedInteger>(_ result: Value) throws -> Value {
  if result < 0 { throw SystemError(Int32(-result)) }
  return result
}

extension LocalFailure {
  /// `path` is as the user knows it.
  init(_ error: SystemError, at path: String) {
    let (code, advice): (Code, String) =
      switch error.code {
      case ENOENT: (.vanished, "it is looked at again")
      case EACCES, EPERM: (.permission, "give this user the permission, or exclude the path")
      case ENOSPC, EDQUOT, EFBIG: (.noSpace, "free some space; it is tried again")
      case ENAMETOOLONG, EINVAL, EILSEQ: (.nameNotPossible, "rename it on the other side, or exclude it")
      case EBUSY, EROFS, EXDEV, ETXTBSY: (.notReplaceable, "make it writable, or exclude the path")
      case ENOTDIR, ELOOP, EEXIST, EISDIR, ENOTEMPTY: (.changed, "it is looked at again")
      default: (.inputOutput, "look into the system's log; it is tried again")
      }
    self.init(code, "\(path): \(error.text); \(advice)")
  }
}
