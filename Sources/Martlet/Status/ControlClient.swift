import FoundationEssentials
import Glibc

/// Asks something of a running instance; blocking, with a time-out.
package enum ControlClient {
  /// The status after the command, or nil where nobody listens.
  ///
  /// - Throws: `MartletError` where the command was refused.
  package static func report(
    _ path: ControlSocketPath, _ request: ControlRequest, timeout: Int = 10
  ) throws -> StatusReport? {
    guard let reply = try self.request(path, request, timeout: timeout) else { return nil }
    if let failure = try? JSONDecoder().decode(ControlFailure.self, from: Data(reply)) {
      throw MartletError(.configuration, failure.error)
    }
    return try StatusReport(json: reply)
  }

  /// The JSON document of the reply, or nil where nobody listens.
  ///
  /// - Parameter timeout: seconds; 0: none.
  package static func request(
    _ path: ControlSocketPath, _ request: ControlRequest = ControlRequest(.status), timeout: Int = 10
  ) throws -> [UInt8]? {
    let socketPath = path.current
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let (addressed, folder) = ControlSocketPath.address(of: socketPath)
    defer { if let folder { close(folder) } }
    let bytes = Array(addressed.utf8)
    guard bytes.count <= ControlSocketPath.longest else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }

    let file = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard file >= 0 else { throw MartletError(.state, "cannot open a socket: \(FileCalls.lastError)") }
    defer { close(file) }
    var limit = timeval(tv_sec: timeout, tv_usec: 0)
    setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if result != 0 {
      if errno == ENOENT || errno == ECONNREFUSED { return nil }
      throw MartletError(.state, "cannot reach martlet at \(socketPath): \(FileCalls.lastError)")
    }
    let line = request.line()
    // An instance that does not listen answers nevertheless, and may have hung up by now.
    send(file, line, line.count, CInt(MSG_NOSIGNAL))
    return try readAll(file, socketPath, timeout)
  }

  private static func readAll(_ file: CInt, _ socketPath: String, _ timeout: Int) throws -> [UInt8] {
    var document: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(file, &buffer, buffer.count)
      // Reset: it did not read what was sent.
      if count == 0 || count < 0 && errno == ECONNRESET && !document.isEmpty { return document }
      if count < 0 {
        throw MartletError(
          .state, "martlet at \(socketPath) does not answer within \(timeout) s: \(FileCalls.lastError)")
      }
      document += buffer[..<count]
    }
  }
}
