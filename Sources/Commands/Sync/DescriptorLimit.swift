import FoundationEssentials
import Glibc

/// How many files and connections this process may have open at once.
enum DescriptorLimit {
  /// For the event loops of the processors, of which each has three, and for what is open at once in transfers and in
  /// a walk of a deep tree: 134 were measured on an idle machine, more than 464 on a busy one.
  static var minimum: rlim_t { 896 + 4 * rlim_t(ProcessInfo.processInfo.activeProcessorCount) }
  /// More would be of no use.
  private static let wanted: rlim_t = 65_536

  /// Raises the soft limit as far as the hard one allows; says what is needed where that is too little.
  static func raise() -> String? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    if limit.rlim_cur < wanted {
      limit.rlim_cur = min(limit.rlim_max, wanted)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
    return problem(limit.rlim_cur)
  }

  static func problem(_ limit: rlim_t) -> String? {
    guard limit < minimum else { return nil }
    return "only \(limit) file descriptors may be open at once, and syncing needs at least \(minimum): raise the limit "
      + "(ulimit -n, LimitNOFILE= of systemd, --ulimit nofile= of a container)"
  }
}
