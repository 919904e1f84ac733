import AWSKit
import Glibc

/// Times are milliseconds since 1970 in the store and whole seconds in S3's replies.
enum S3Date {
  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// `Fri, 20 Nov 2026 23:21:32 GMT`
  static func http(_ milliseconds: Int64) -> String {
    AWSTimestamp(seconds: milliseconds / 1000).httpDate
  }

  /// `2026-11-20T23:21:32.000Z`
  static func listing(_ milliseconds: Int64) -> String {
    AWSTimestamp(seconds: milliseconds / 1000).iso8601
  }
}
