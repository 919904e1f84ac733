import Foundation
import Testing

@testable import Martlet

/// The lines of the README, as a program.
@Suite struct ExampleTests {
  private static let program: URL? = {
    let words = ProcessInfo.processInfo.arguments
    let bundle = words.firstIndex(of: "--test-bundle-path").flatMap {
      words.indices.contains($0 + 1) ? words[$0 + 1] : nil
    }
    let here = bundle ?? (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    return here.map { URL(filePath: $0).deletingLastPathComponent().appending(path: "EmbedExample") }
  }()

  @Test func theExampleRuns() async throws {
    try await withPlace { place in
      try await place.put("data/before", "there")
      let process = Process()
      let program: URL = try #require(Self.program)
      process.executableURL = program
      process.arguments = [place.root, "s3://b/data"]
      process.environment = [
        "AWS_ACCESS_KEY_ID": Place.key, "AWS_SECRET_ACCESS_KEY": Place.key, "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": place.configuration.endpointURL!,
      ]
      let output = Pipe()
      process.standardOutput = output
      let ended = AsyncStream<Void>.makeStream()
      process.terminationHandler = { _ in ended.continuation.finish() }
      try process.run()
      for await _ in ended.stream {}
      #expect(process.terminationStatus == 0)
      #expect(String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) == "in sync\n")
      #expect(place.text("before") == "there")
      #expect(try await place.size("data/hello.txt") == 6)
    }
  }
}
