internal import CLinux
internal import Glibc

/// An open file, closed when released.
final class Descriptor: Sendable {
  let raw: Int32

  init(owning raw: Int32) { self.raw = raw }

  deinit { close(raw) }
}

extension Descriptor {
  /// `openat`; never follows a link in the last component.
  func open(_ name: String, _ flags: Int32, mode: UInt32 = 0) throws -> Descriptor {
    Descriptor(owning: try check(clinux_open(raw, name, flags | O_NOFOLLOW, mode)))
  }

  func status() throws -> FileStatus { try status(of: "") }

  /// Of an entry of this directory, links not followed.
  func status(of name: String) throws -> FileStatus {
    var status = FileStatus()
    try check(clinux_status_at(raw, name, &status))
    return status
  }

  /// Nil where there is none.
  func statusIfPresent(of name: String) throws -> FileStatus? {
    do { return try status(of: name) } catch let error as SystemError where error.code == ENOENT { return nil }
  }

  /// Reads until `buffer` is full or the file ends; returns the bytes read.
  func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var done = 0
    while done < buffer.count {
      let count = pread(raw, buffer.baseAddress! + done, buffer.count - done, off_t(offset) + off_t(done))
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemError(errno)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
    var done = 0
    while done < bytes.count {
      let count = pwrite(raw, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done))
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemError(errno)
      }
      done += count
    }
  }

  func sync() throws { try checkErrno(fsync(raw)) }

  func unlink(_ name: String) throws { try checkErrno(unlinkat(raw, name, 0)) }

  /// Target of the link `name`, or of this descriptor where `name` is empty.
  func linkTarget(_ name: String = "") throws -> [UInt8] {
    try withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX) + 1, alignment: 1) { buffer in
      let count = try checkErrno(
        readlinkat(raw, name, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count))
      return Array(buffer[..<count])
    }
  }

  /// Names in this directory without `.` and `..`, as bytes; ends early where `body` returns false.
  func forEachName(_ body: (UnsafeRawBufferPointer, _ type: UInt8) throws -> Bool) throws {
    let copy = try check(clinux_open(raw, ".", O_RDONLY | O_DIRECTORY, 0))
    guard let stream = fdopendir(copy) else {
      let code = errno
      close(copy)
      throw SystemError(code)
    }
    defer { closedir(stream) }
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw SystemError(errno) }
        return
      }
      let goesOn = try withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        let name = UnsafeRawBufferPointer(
          start: pointer, count: strlen(UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self)))
        if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { return true }
        return try body(name, entry.pointee.d_type)
      }
      if !goesOn { return }
    }
  }

  /// Names in this directory that are UTF-8.
  func names() throws -> [String] {
    var names: [String] = []
    try forEachName { bytes, _ in
      if let name = String(validating: bytes, as: UTF8.self) { names.append(name) }
      return true
    }
    return names
  }
}
