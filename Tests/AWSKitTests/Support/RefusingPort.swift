import Glibc

/// A port of loopback that refuses connections and, being taken, is nobody else's until it is closed.
struct RefusingPort: Sendable {
  private let descriptor: Int32
  let number: Int

  init() {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    number = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        // Bound and not listening.
        bind(descriptor, generic, length) == 0 && getsockname(descriptor, generic, &length) == 0
      } ? Int(in_port_t(bigEndian: pointer.pointee.sin_port)) : 0
    }
    precondition(number > 0)
  }

  func close() { Glibc.close(descriptor) }
}
