import Foundation
import NIOConcurrencyHelpers

/// Ports of the loopback interface for servers that are started.
///
/// One that the kernel hands out may be given to somebody's connection before the server has it. These lie below those,
/// and each is given once.
enum Ports {
  private static let range: Range<UInt16> = {
    let given = (try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)) ?? ""
    let lowest = given.split(whereSeparator: \.isWhitespace).first.flatMap { UInt16($0) } ?? 32_768
    return lowest > 16_384 ? lowest / 2..<lowest : 10_000..<20_000
  }()

  /// Other runs on this machine begin somewhere else.
  private static let next = NIOLockedValueBox(UInt16.random(in: range))

  static func free() throws -> UInt16 {
    for _ in range {
      let port = next.withLockedValue { next in
        defer { next = next + 1 < range.upperBound ? next + 1 : range.lowerBound }
        return next
      }
      if listens(port) { return port }
    }
    throw Child.Failure(description: "no free port on 127.0.0.1")
  }

  /// Whether a server could.
  private static func listens(_ port: UInt16) -> Bool {
    let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(file) }
    return withAddress(port) { bind(file, $0, $1) } == 0
  }

  static func connects(_ port: UInt16) -> Bool {
    let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(file) }
    return withAddress(port) { connect(file, $0, $1) } == 0
  }

  private static func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
