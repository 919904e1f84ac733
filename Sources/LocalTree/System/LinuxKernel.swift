package import CLinux
internal import Glibc

/// The kernel itself.
package struct LinuxKernel: Kernel {
  package let umask: UInt32
  package let tick: Int64

  /// For the whole process: neither of its values changes.
  package static let shared = LinuxKernel()

  private init() {
    clinux_ignore_lease_signal()
    var resolution = timespec()
    clock_getres(CLOCK_REALTIME_COARSE, &resolution)
    // One timer interrupt, 1 to 10 ms; older kernels take stamps from this clock.
    tick = max(1_000_000, Int64(resolution.tv_sec) * 1_000_000_000 + Int64(resolution.tv_nsec))
    umask = Self.processUmask()
  }

  /// From /proc, since asking by umask(2) would change it for every thread.
  private static func processUmask() -> UInt32 {
    let file = clinux_open(AT_FDCWD, "/proc/self/status", O_RDONLY, 0)
    defer { if file >= 0 { Glibc.close(file) } }
    var text = [UInt8](repeating: 0, count: 4096)
    let count = max(0, Glibc.read(file, &text, text.count))
    for line in String(decoding: text[..<count], as: UTF8.self).split(separator: "\n") where line.hasPrefix("Umask:") {
      if let value = UInt32(line.dropFirst(6).drop { $0 == " " || $0 == "\t" }, radix: 8) { return value }
    }
    return 0o022
  }
}

/// The value of a C library call, minus errno where it failed.
private func result<Value: SignedInteger>(_ value: Value) -> Value { value < 0 ? Value(-errno) : value }

// MARK: names

extension LinuxKernel {
  package func open(_ directory: Int32, _ path: String, _ flags: Int32, _ mode: UInt32) -> Int32 {
    clinux_open(directory, path, flags, mode)
  }

  package func openBeneath(_ directory: Int32, _ path: String, _ flags: Int32) -> Int32 {
    clinux_open_beneath(directory, path, flags, 0)
  }

  package func openFollowing(_ directory: Int32, _ path: String, _ flags: Int32, beneath: Bool) -> Int32 {
    clinux_open_following(directory, path, flags, beneath ? 1 : 0)
  }

  package func close(_ file: Int32) { Glibc.close(file) }

  package func status(_ directory: Int32, _ name: String, _ status: inout clinux_status) -> Int32 {
    clinux_status_at(directory, name, &status)
  }

  package func forEachName(
    _ directory: Int32, _ body: (UnsafeRawBufferPointer, _ type: UInt8) throws -> Bool
  ) throws -> Int32 {
    let copy = clinux_open(directory, ".", O_RDONLY | O_DIRECTORY, 0)
    if copy < 0 { return copy }
    guard let stream = fdopendir(copy) else {
      let code = errno
      close(copy)
      return -code
    }
    defer { closedir(stream) }
    while true {
      errno = 0
      guard let entry = readdir(stream) else { return -errno }
      let goesOn = try withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        let start = UnsafeRawPointer(pointer)
        let length = strlen(start.assumingMemoryBound(to: CChar.self))
        return try body(UnsafeRawBufferPointer(start: start, count: length), entry.pointee.d_type)
      }
      if !goesOn { return 0 }
    }
  }

  package func makeDirectory(_ directory: Int32, _ name: String, _ mode: UInt32) -> Int32 {
    result(mkdirat(directory, name, mode))
  }

  package func unlink(_ directory: Int32, _ name: String) -> Int32 { result(unlinkat(directory, name, 0)) }

  package func removeDirectory(_ directory: Int32, _ name: String) -> Int32 {
    result(unlinkat(directory, name, AT_REMOVEDIR))
  }

  package func rename(
    _ fromDirectory: Int32, _ from: String, _ toDirectory: Int32, _ to: String, _ kind: RenameKind
  ) -> Int32 {
    switch kind {
    case .replacing: clinux_rename(fromDirectory, from, toDirectory, to)
    case .withoutReplacing: clinux_rename_no_replace(fromDirectory, from, toDirectory, to)
    case .exchange: clinux_exchange(fromDirectory, from, toDirectory, to)
    }
  }

  package func link(_ fromDirectory: Int32, _ from: String, _ toDirectory: Int32, _ to: String) -> Int32 {
    result(linkat(fromDirectory, from, toDirectory, to, 0))
  }

  package func makeLink(_ directory: Int32, _ name: String, to target: [UInt8]) -> Int32 {
    (target + [0]).withUnsafeBytes {
      result(symlinkat($0.baseAddress!.assumingMemoryBound(to: CChar.self), directory, name))
    }
  }

  package func linkTarget(_ directory: Int32, _ name: String, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    result(readlinkat(directory, name, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count))
  }
}

// MARK: contents

extension LinuxKernel {
  package func read(_ file: Int32, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    result(pread(file, buffer.baseAddress, buffer.count, off_t(offset)))
  }

  package func write(_ file: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int64) -> Int {
    result(pwrite(file, bytes.baseAddress, bytes.count, off_t(offset)))
  }

  package func truncate(_ file: Int32, to size: Int64) -> Int32 { result(ftruncate(file, off_t(size))) }

  package func sync(_ file: Int32) -> Int32 { result(fsync(file)) }

  package func allocate(_ file: Int32, _ size: Int64) -> Int32 { clinux_allocate(file, size) }

  package func clone(_ to: Int32, from: Int32) -> Int32 { clinux_clone(to, from) }
}

// MARK: attributes

/// `UTIME_OMIT` of linux/stat.h, a macro that Swift does not import.
private let omittedTime = (1 << 30) - 2

extension LinuxKernel {
  package func setMode(_ file: Int32, _ mode: UInt32) -> Int32 { result(fchmod(file, mode)) }

  package func setOwner(_ file: Int32, _ owner: UInt32, _ group: UInt32) -> Int32 {
    result(fchown(file, owner, group))
  }

  package func setOwner(ofLink name: String, in directory: Int32, _ owner: UInt32, _ group: UInt32) -> Int32 {
    result(fchownat(directory, name, owner, group, AT_SYMLINK_NOFOLLOW))
  }

  package func setModified(_ file: Int32, _ time: Int64) -> Int32 {
    result(futimens(file, Self.onlyModified(time)))
  }

  package func setModified(ofLink name: String, in directory: Int32, _ time: Int64) -> Int32 {
    result(utimensat(directory, name, Self.onlyModified(time), AT_SYMLINK_NOFOLLOW))
  }

  private static func onlyModified(_ time: Int64) -> [timespec] {
    let (seconds, nanoseconds) = (time / 1_000_000_000, time % 1_000_000_000)
    return [
      timespec(tv_sec: 0, tv_nsec: omittedTime),
      nanoseconds < 0
        ? timespec(tv_sec: Int(seconds - 1), tv_nsec: Int(nanoseconds + 1_000_000_000))
        : timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds)),
    ]
  }

  package func attributeNames(_ file: Int32, _ names: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
    clinux_xattr_list(file, names, size)
  }

  package func attribute(_ file: Int32, _ name: String, _ value: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
    clinux_xattr_get(file, name, value, size)
  }

  package func setAttribute(_ file: Int32, _ name: String, _ value: [UInt8]) -> Int32 {
    clinux_xattr_set(file, name, value, value.count)
  }

  package func space(_ file: Int32, _ space: inout clinux_space) -> Int32 { clinux_space_of(file, &space) }
}

// MARK: leases, locks and events

extension LinuxKernel {
  package func takeLease(_ file: Int32) -> Int32 { clinux_lease_take(file) }
  package func isLeaseHeld(_ file: Int32) -> Bool { clinux_lease_is_held(file) == 1 }
  package func releaseLease(_ file: Int32) { _ = clinux_lease_release(file) }
  package func lockExclusively(_ file: Int32) -> Int32 { clinux_lock_exclusively(file) }

  package func makeEventQueue() -> Int32 { clinux_inotify() }

  package func watch(_ queue: Int32, _ directory: Int32, _ mask: UInt32) -> Int32 {
    // By its descriptor: a name could lead elsewhere by now.
    clinux_inotify_add(queue, "/proc/self/fd/\(directory)", mask)
  }

  package func unwatch(_ queue: Int32, _ watch: Int32) { _ = clinux_inotify_remove(queue, watch) }

  package func readEvents(_ queue: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = result(Glibc.read(queue, buffer.baseAddress!, buffer.count))
    return count == -Int(EAGAIN) || count == -Int(EINTR) ? 0 : count
  }
}

// MARK: mounts

extension LinuxKernel {
  package func openMountList() -> Int32 { clinux_open(AT_FDCWD, "/proc/self/mountinfo", O_RDONLY, 0) }

  /// See proc_pid_mountinfo(5): a priority event, once.
  package func mountsMayDiffer(_ list: Int32) -> Bool {
    var polled = pollfd(fd: list, events: Int16(POLLPRI), revents: 0)
    return poll(&polled, 1, 0) != 0
  }

  package func mounts(below path: String) -> [UInt64: String]? {
    let file = openMountList()
    guard file >= 0 else { return nil }
    defer { close(file) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      // In order: what comes and goes meanwhile moves the offsets of others.
      let count = Glibc.read(file, &buffer, buffer.count)
      if count < 0 { return nil }
      if count == 0 { break }
      text += buffer[..<count]
    }
    // Before Linux 5.8 `status` numbers devices, not mounts.
    var top = clinux_status()
    guard status(AT_FDCWD, "/", &top) == 0, MountList.holds(top.mount, text) else { return nil }
    return MountList.mounts(in: text, below: path)
  }
}

// MARK: the process

extension LinuxKernel {
  package var processID: Int32 { getpid() }

  package var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  package func now() -> Int64 { Self.read(CLOCK_REALTIME_COARSE) }

  package func uptime() -> Int64 { Self.read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  package func pause(microseconds: UInt32) { usleep(microseconds) }

  package func random() -> UInt64 { .random(in: .min ... .max) }
}
