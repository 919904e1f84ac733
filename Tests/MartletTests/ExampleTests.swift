import Foundation
import Testing

@testable import AWSKit
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
      let program: URL = try #require(Self.program)
      let result = try await ChildProcess.run(
        [program.path, place.root, "s3://b/data"],
        environment: [
          "AWS_ACCESS_KEY_ID": Place.key, "AWS_SECRET_ACCESS_KEY": Place.key, "AWS_REGION": "us-east-1",
          "AWS_ENDPOINT_URL": place.configuration.endpointURL!,
        ], timeout: .seconds(120))
      #expect(result.status == 0, "\(String(decoding: result.errors, as: UTF8.self))")
      #expect(String(decoding: result.output, as: UTF8.self) == "in sync\n")
      #expect(place.text("before") == "there")
      #expect(try await place.size("data/hello.txt") == 6)
    }
  }
}
