import EmbeddedS3
import Glibc
import Testing

@Suite struct ServerEndTests {
  /// Connections that were accepted and not taken yet ended the whole process.
  @Test func connectionsOfTheLastMomentDoNoHarm() async throws {
    for _ in 0..<10 {
      let files = try await withEmbeddedS3 { endpoint in
        try (0..<64).map { _ in try Self.connection(endpoint.port) }
      }
      for file in files { close(file) }
    }
  }

  private static func connection(_ port: Int) throws -> CInt {
    let file = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    try #require(file >= 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(connected == 0)
    return file
  }
}
