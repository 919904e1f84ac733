import SyncModel
import Testing

@testable import EventFeed

@Suite struct OwnWritesTests {
  private static let path = RelativePath(unchecked: "a")

  private static func event(
    _ etag: String?, _ kind: ObjectEvent.Kind = .written, version: String? = nil
  ) -> ObjectEvent {
    ObjectEvent(kind, bucket: "b", key: "a", etag: etag, versionID: version)
  }

  /// The macro takes no mutating calls.
  private func isEcho(_ event: ObjectEvent, of path: RelativePath, in own: inout OwnWrites) -> Bool {
    own.isEcho(event, of: path)
  }

  @Test func eachWriteHasOneEcho() {
    var own = OwnWrites()
    own.wrote(Self.path, etag: "1", versionID: nil, now: 0)
    #expect(isEcho(Self.event("2"), of: Self.path, in: &own) == false)
    #expect(isEcho(Self.event("1"), of: RelativePath(unchecked: "b"), in: &own) == false)
    #expect(isEcho(Self.event("1"), of: Self.path, in: &own))
    // The same content again, perhaps with other metadata.
    #expect(isEcho(Self.event("1"), of: Self.path, in: &own) == false)
  }

  @Test(arguments: [ObjectEvent.Kind.copied, .removed, .restored]) func onlyContentHasEchoes(_ kind: ObjectEvent.Kind) {
    var own = OwnWrites()
    own.wrote(Self.path, etag: "1", versionID: nil, now: 0)
    #expect(isEcho(Self.event("1", kind), of: Self.path, in: &own) == false)
  }

  @Test func anotherVersionIsNoEchoYetProvesTheFeed() {
    var own = OwnWrites()
    own.wrote(Self.path, etag: "1", versionID: "v1", now: 0)
    #expect(isEcho(Self.event("1", version: "v2"), of: Self.path, in: &own) == false)
    #expect(own.silence(now: 1000) == 0)
  }

  @Test func silenceLastsSinceTheFirstWriteNobodyHeardOf() {
    var own = OwnWrites()
    #expect(own.silence(now: 50) == 0)
    own.wrote(Self.path, etag: "1", versionID: nil, now: 10)
    own.wrote(Self.path, etag: "2", versionID: nil, now: 20)
    #expect(own.silence(now: 110) == 100)
    // What was overwritten need not be heard of.
    #expect(isEcho(Self.event("2"), of: Self.path, in: &own))
    #expect(own.silence(now: 110) == 0)
    own.wrote(Self.path, etag: "3", versionID: nil, now: 200)
    own.wrote(RelativePath(unchecked: "b"), etag: "4", versionID: nil, now: 300)
    #expect(isEcho(Self.event("3"), of: Self.path, in: &own))
    #expect((100..<200).contains(own.silence(now: 400)))
    own.forget()
    #expect(own.silence(now: 400) == 0)
  }

  @Test func anEventMayComeBeforeTheReply() {
    var own = OwnWrites()
    #expect(isEcho(Self.event("1"), of: Self.path, in: &own) == false)
    own.wrote(Self.path, etag: "1", versionID: nil, now: 0)
    #expect(own.silence(now: 1000) == 0)
  }

  @Test func itStaysSmall() {
    var own = OwnWrites(capacity: 2)
    for number in 0..<10 { own.wrote(RelativePath(unchecked: "\(number)"), etag: "e", versionID: nil, now: 1) }
    #expect(isEcho(Self.event("e"), of: RelativePath(unchecked: "0"), in: &own) == false)
    #expect(isEcho(Self.event("e"), of: RelativePath(unchecked: "9"), in: &own))
  }
}
