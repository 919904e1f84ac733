import Foundation
import Glibc
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import Commands
@testable import Martlet

/// Requests on the control socket, and the clients that make them.
@Suite struct ControlTests {
  private let folder: ScratchFolder
  private let asked = NIOLockedValueBox<[ControlRequest]>([])

  init() throws { folder = try ScratchFolder() }

  /// Runs a server that answers “status” while the body runs.
  private func withServer(
    below extra: String = "", _ body: (ControlSocketPath) async throws -> Void
  ) async throws {
    let state = folder.path + extra
    try #require(FileCalls.makeDirectories(state, mode: 0o700))
    let path = ControlSocketPath(stateDirectory: state)
    #expect(try ControlClient.request(path) == nil)
    let server = ControlServer(path: path, logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }) {
      [asked] request in
      asked.withLockedValue { $0.append(request) }
      return Array("status".utf8)
    }
    let task = Task { await server.run() }
    defer { unlink(path.current) }
    do {
      while try await onThread({ try ControlClient.request(path, timeout: 600) }) == nil {}
      asked.withLockedValue { $0 = [] }
      try await body(path)
    } catch {
      task.cancel()
      throw error
    }
    task.cancel()
    await task.value
  }

  /// The server needs the threads of the tests, which have others to run first.
  private func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
  }

  /// Also where its path is longer than an address.
  @Test(arguments: [0, 103, 104, 107, 108, 300]) func theSocketAnswers(length: Int) async throws {
    let missing = max(0, length - folder.path.utf8.count - "/control.sock".utf8.count)
    var extra = String(repeating: "/" + String(repeating: "x", count: 30), count: missing / 31)
    extra += missing % 31 > 1 ? "/" + String(repeating: "y", count: missing % 31 - 1) : ""
    try await withServer(below: extra) { path in
      let request = ControlRequest(.limit, ["up": "1MB/s"])
      let reply = try await onThread { try ControlClient.request(path, request, timeout: 600) }
      #expect(reply == Array("status".utf8))
      #expect(asked.withLockedValue { $0 } == [request])
      #expect(path.current == path.preferred && FileCalls.status(path.preferred) != nil)
      #expect(path.current.utf8.count > length - 2)
    }
  }

  /// As on a file system that holds no sockets.
  @Test func theSocketGivesWay() async throws {
    try #require(FileCalls.makeDirectories(folder.path + "/control.sock", mode: 0o700))
    try await withServer { path in
      #expect(path.current != path.preferred && path.current.utf8.count <= ControlSocketPath.longest)
    }
  }

  /// Nothing: as the first clients did. Nothing that it knows: as later ones may.
  @Test(arguments: [
    ("", "status"), ("{\"version\":1,\"command\":\"status\",\"arguments\":{}}\n", "status"),
    ("{\"version\":1,\"command\":\"dance\",\"arguments\":{}}\n", "another version"),
    ("{\"version\":2,\"command\":\"status\",\"arguments\":{}}\n", "another version"),
    ("hello\n", "another version"), (String(repeating: "x", count: 70_000), "another version"),
  ])
  func whatIsAskedIsUnderstoodOrRefused(line: String, reply: String) async throws {
    try await withServer { path in
      let answer = try await onThread { try Self.exchange(line, path.current) }
      #expect(answer.contains(reply))
      #expect(asked.withLockedValue { $0 } == (reply == "status" ? [ControlRequest(.status)] : []))
    }
  }

  /// Connections that were accepted and not taken yet ended the whole process.
  @Test func connectionsOfTheLastMomentDoNoHarm() async throws {
    for _ in 0..<20 {
      let files = NIOLockedValueBox<[CInt]>([])
      try await withServer { path in
        let made = try await onThread { try (0..<32).map { _ in try Self.connection(path.current) } }
        files.withLockedValue { $0 = made }
      }
      for file in files.withLockedValue({ $0 }) { close(file) }
    }
  }

  private static func connection(_ path: String) throws -> CInt {
    let file = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    try #require(file >= 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(connected == 0)
    return file
  }

  private static func exchange(_ line: String, _ path: String) throws -> String {
    let file = try connection(path)
    defer { close(file) }
    send(file, line, line.utf8.count, CInt(MSG_NOSIGNAL))
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(file, &buffer, buffer.count), count > 0 { answer += buffer[..<count] }
    return String(decoding: answer, as: UTF8.self)
  }

  /// An instance of the time before requests answers with its status and hangs up.
  @Test func anInstanceThatDoesNotListenIsNoFailure() async throws {
    let path = ControlSocketPath(stateDirectory: folder.path)
    let socketPath = path.current
    let listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(socketPath.utf8)) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && listen(listener, 1) == 0)
    Thread.detachNewThread {
      let client = accept(listener, nil, nil)
      var byte: UInt8 = 0
      // The request is there, and stays unread.
      recv(client, &byte, 1, CInt(MSG_PEEK))
      send(client, "old", 3, CInt(MSG_NOSIGNAL))
      close(client)
    }
    let reply = try await onThread { try ControlClient.request(path, ControlRequest(.limit), timeout: 600) }
    #expect(reply == Array("old".utf8))
  }

  @Test func refusalsAreErrors() throws {
    #expect(throws: ControlFailure.self) { try ControlRequest(line: Array("{}".utf8)) }
    let request = ControlRequest(.limit, ["down": "none"])
    #expect(try ControlRequest(line: request.line()) == request)
    #expect(
      String(decoding: request.line(), as: UTF8.self).hasSuffix("\n")
        && request.line().count { $0 == UInt8(ascii: "\n") } == 1)
  }
}
