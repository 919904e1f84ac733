import EmbeddedS3
import Testing

@testable import RemoteTree

@Suite struct ConformanceTests {
  /// Every way that the tree goes when a server lacks a condition, on a server that has them all.
  static let capabilities: [ServerCapabilities] = [
    .full, .withoutTargetConditions, .withoutCopyConditions, .withoutConditions,
  ]

  @Test(arguments: capabilities) func smallObjects(_ capabilities: ServerCapabilities) async throws {
    try await withServer(capabilities: capabilities) { fixture, _ in try await Conformance.smallObjects(fixture) }
  }

  @Test(arguments: capabilities) func largeObjects(_ capabilities: ServerCapabilities) async throws {
    try await withServer(capabilities: capabilities) { fixture, _ in try await Conformance.largeObjects(fixture) }
  }

  @Test(arguments: capabilities) func copies(_ capabilities: ServerCapabilities) async throws {
    try await withServer(capabilities: capabilities) { fixture, _ in try await Conformance.copies(fixture) }
  }

  @Test(arguments: capabilities) func largeCopies(_ capabilities: ServerCapabilities) async throws {
    try await withServer(capabilities: capabilities) { fixture, _ in try await Conformance.largeCopies(fixture) }
  }

  @Test func linksAndMarkers() async throws {
    try await withServer { fixture, _ in try await Conformance.linksAndMarkers(fixture) }
  }

  @Test func listing() async throws {
    try await withServer { fixture, _ in try await Conformance.listing(fixture) }
  }

  @Test func changedParts() async throws {
    try await withServer { fixture, _ in try await Conformance.changedParts(fixture) }
  }

  @Test func adoption() async throws {
    try await withServer { fixture, _ in try await Conformance.adoption(fixture) }
  }

  @Test func asides() async throws {
    try await withServer(capabilities: .withoutConditions) { fixture, _ in
      try await Conformance.asides(fixture)
      try await Conformance.asidesOfLongNames(fixture)
    }
  }
}
