internal import CLinux
internal import Glibc
internal import SyncModel

/// An open file, closed when released.
final class Descriptor: Sendable {
  let raw: Int32
  let kernel: any Kernel

  init(owning raw: Int32, of kernel: any Kernel) {
    self.raw = raw
    self.kernel = kernel
  }

  deinit { kernel.close(raw) }
}

// MARK: names

extension Descriptor {
  /// `openat`; never follows a link in the last component.
  func open(_ name: String, _ flags: Int32, mode: UInt32 = 0) throws -> Descriptor {
    Descriptor(owning: try check(kernel.open(raw, name, flags | O_NOFOLLOW, mode)), of: kernel)
  }

  func status() throws -> FileStatus { try status(of: "") }

  /// Of an entry of this directory, links not followed.
  func status(of name: String) throws -> FileStatus {
    var status = FileStatus()
    try check(kernel.status(raw, name, &status))
    return status
  }

  /// Nil where there is none.
  func statusIfPresent(of name: String) throws -> FileStatus? {
    do { return try status(of: name) } catch let error as SystemError where error.code == ENOENT { return nil }
  }

  func unlink(_ name: String) throws { try check(kernel.unlink(raw, name)) }

  /// Returns whether it is new; one that is there is fine.
  @discardableResult
  func makeDirectory(_ name: String, mode: UInt32) throws -> Bool {
    let result = kernel.makeDirectory(raw, name, mode)
    if result < 0 && result != -EEXIST { throw SystemError(-result) }
    return result == 0
  }

  /// Zero, or minus errno.
  func rename(_ name: String, to other: String, in directory: Descriptor, _ kind: RenameKind = .replacing) -> Int32 {
    kernel.rename(raw, name, directory.raw, other, kind)
  }

  /// Target of the link `name`, or of this descriptor where `name` is empty.
  func linkTarget(_ name: String = "") throws -> [UInt8] {
    try withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX) + 1, alignment: 1) { buffer in
      let count = try check(kernel.linkTarget(raw, name, into: buffer))
      return Array(buffer[..<count])
    }
  }

  /// Names in this directory without `.` and `..`, as bytes; ends early where `body` returns false.
  func forEachName(_ body: (UnsafeRawBufferPointer, _ type: UInt8) throws -> Bool) throws {
    let result = try kernel.forEachName(raw) { name, type in
      if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { return true }
      return try body(name, type)
    }
    try check(result)
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

// MARK: content and attributes

extension Descriptor {
  /// Reads until `buffer` is full or the file ends; returns the bytes read.
  func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = kernel.read(raw, at: offset + Int64(done), into: rest)
      if count == -Int(EINTR) { continue }
      if try check(count) == 0 { break }
      done += count
    }
    return done
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let count = kernel.write(raw, rest, at: offset + Int64(done))
      if count == -Int(EINTR) { continue }
      done += try check(count)
    }
  }

  func sync() throws { try check(kernel.sync(raw)) }

  func setMode(_ mode: UInt32) throws { try check(kernel.setMode(raw, mode)) }

  func setModified(_ time: Timestamp) throws { try check(kernel.setModified(raw, time.nanoseconds)) }
}
