import Foundation

/// A program's own clock, set while it runs: the wall clock alone moves, timers go on as on a real system.
///
/// libfaketime (0.9.10) is no help here: it shifts the absolute timers of every clock, so that after a step back those
/// of the monotonic ones do not fire for as long.
struct ShiftedClock {
  private let file: String
  let environment: [String: String]

  private static let source = """
    #define _GNU_SOURCE
    #include <fcntl.h>
    #include <stdlib.h>
    #include <sys/mman.h>
    #include <sys/syscall.h>
    #include <sys/time.h>
    #include <time.h>
    #include <unistd.h>

    static const volatile long long none = 0;

    static long long seconds(void) {
      static const volatile long long *shared;
      if (!shared) {
        const char *path = getenv("SHIFTED_CLOCK");
        int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        void *map = file < 0 ? MAP_FAILED : mmap(0, sizeof(long long), PROT_READ, MAP_SHARED, file, 0);
        if (file >= 0) close(file);
        shared = map == MAP_FAILED ? &none : map;
      }
      return *shared;
    }

    int clock_gettime(clockid_t clock, struct timespec *result) {
      int code = syscall(SYS_clock_gettime, clock, result);
      if (!code && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) result->tv_sec += seconds();
      return code;
    }

    int gettimeofday(struct timeval *restrict result, void *restrict zone) {
      struct timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      *result = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
      return 0;
    }

    time_t time(time_t *result) {
      struct timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      if (result) *result = now.tv_sec;
      return now.tv_sec;
    }
    """

  init(in workspace: Workspace) async throws {
    file = workspace.path + "/clock"
    let (code, library) = (workspace.path + "/clock.c", workspace.path + "/clock.so")
    try write(code, Self.source)
    // The Swift toolchain has its own.
    let (end, output) = try await ProcessTests.finished(
      [try Programs.system("clang"), "-shared", "-fPIC", "-O1", "-o", library, code], in: workspace)
    guard end == .exited(0) else { throw Child.Failure(description: "clang ended with \(end): \(output)") }
    environment = ["LD_PRELOAD": library, "SHIFTED_CLOCK": file]
    try set(0)
  }

  /// - Parameter seconds: ahead of the real time.
  func set(_ seconds: Int64) throws {
    let target = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard target >= 0 else { throw FileFailure("open", file) }
    defer { close(target) }
    guard withUnsafeBytes(of: seconds, { write(target, $0.baseAddress, $0.count) }) == 8 else {
      throw FileFailure("write", file)
    }
  }
}
