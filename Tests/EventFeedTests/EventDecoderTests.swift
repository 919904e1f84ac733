import EventFeed
import Testing

@Suite struct EventDecoderTests {
  private static func record(_ name: String, _ object: String) -> String {
    "{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"eventName\":\"\(name)\",\"s3\":{\"bucket\":{\"name\":\"b\"},"
      + "\"object\":\(object)}}"
  }

  private static func records(_ records: String...) -> String { "{\"Records\":[\(records.joined(separator: ","))]}" }

  private static func bridged(_ type: String, _ object: String, reason: String = "PutObject") -> String {
    "{\"version\":\"0\",\"detail-type\":\"\(type)\",\"source\":\"aws.s3\",\"detail\":{\"bucket\":{\"name\":\"b\"},"
      + "\"object\":\(object),\"reason\":\"\(reason)\"}}"
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  private static func wrapped(_ message: String) -> String {
    "{\"Type\":\"Notification\",\"Subject\":\"Amazon S3 Notification\",\"Message\":\(quoted(message))}"
  }

  @Test(arguments: [
    ("plain", "plain"), ("a+b%2B%C3%BC.txt", "a b+ü.txt"), ("dir%2Fa+b%2B%C3%BC.txt", "dir/a b+ü.txt"),
    ("dir/a%20b%2B%C3%BC.txt", "dir/a b+ü.txt"), ("marker/", "marker/"), ("100%", "100%"), ("a%0Ab", "a\nb"),
    ("%25%32%30", "%20"),
  ])
  func keysOfRecordsAreDecoded(_ encoded: String, _ key: String) {
    let body = Self.records(Self.record("ObjectCreated:Put", "{\"key\":\"\(encoded)\",\"eTag\":\"\\\"e\\\"\"}"))
    #expect(EventDecoder.decode(body).events == [ObjectEvent(.written, bucket: "b", key: key, etag: "e")])
    let enveloped = EventDecoder.decode(Self.wrapped(body))
    #expect(enveloped.events.map(\.key) == [key] && enveloped.unknown == 0)
  }

  @Test(arguments: [
    ("ObjectCreated:Put", ObjectEvent.Kind.written), ("s3:ObjectCreated:Post", .written),
    ("ObjectCreated:CompleteMultipartUpload", .written), ("ObjectCreated:Copy", .copied),
    ("ObjectRemoved:Delete", .removed), ("ObjectRemoved:DeleteMarkerCreated", .removed),
    ("LifecycleExpiration:Delete", .removed), ("LifecycleExpiration:DeleteMarkerCreated", .removed),
    ("ObjectRestore:Completed", .restored), ("ObjectTagging:Put", nil), ("ObjectAcl:Put", nil),
    ("LifecycleTransition", nil),
  ])
  func namesOfRecordsTellWhatHappened(_ name: String, _ kind: ObjectEvent.Kind?) {
    let decoded = EventDecoder.decode(
      Self.records(
        Self.record(name, "{\"key\":\"k\",\"sequencer\":\"0055AED6DCD90281E5\",\"versionId\":\"v1\",\"size\":5}")))
    #expect(decoded.events == (kind.map { [ObjectEvent($0, bucket: "b", key: "k", versionID: "v1")] } ?? []))
    #expect(decoded.ignored == (kind == nil ? 1 : 0) && decoded.unknown == 0)
  }

  @Test(arguments: [
    ("Object Created", "PutObject", ObjectEvent.Kind.written), ("Object Created", "ObjectCreated", .written),
    ("Object Created", "CopyObject", .copied), ("Object Deleted", "DeleteObject", .removed),
    ("Object Deleted", "Lifecycle Expiration", .removed), ("Object Restore Completed", "", .restored),
    ("Object Tags Added", "", nil), ("Object Storage Class Changed", "", nil),
  ])
  func eventsOfEventBridgeAreRead(_ type: String, _ reason: String, _ kind: ObjectEvent.Kind?) {
    let object = "{\"key\":\"a+b%20ü\",\"etag\":\"e\",\"version-id\":\"null\"}"
    let body = Self.bridged(type, object, reason: reason)
    // Their keys are not encoded, but on some servers.
    let expected =
      kind.map { kind in ["a+b%20ü", "a+b ü"].map { ObjectEvent(kind, bucket: "b", key: $0, etag: "e") } } ?? []
    for body in [body, Self.wrapped(body)] {
      let decoded = EventDecoder.decode(body)
      #expect(decoded.events == expected && decoded.unknown == 0 && decoded.ignored == (kind == nil ? 1 : 0))
    }
  }

  @Test(arguments: ["a b", "a%", "a%2", "a%FF", "%zz"]) func keysThatCannotBeEncodedStandForThemselves(_ key: String) {
    let events = EventDecoder.decode(Self.bridged("Object Created", "{\"key\":\"\(key)\"}")).events
    #expect(events.map(\.key) == [key])
  }

  @Test func theTestEventIsNoEvent() {
    let body = "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Bucket\":\"b\"}"
    for body in [body, Self.wrapped(body)] {
      let decoded = EventDecoder.decode(body)
      #expect(decoded.events.isEmpty && decoded.ignored == 1 && decoded.unknown == 0)
    }
  }

  @Test func goodRecordsOutliveBadOnes() {
    let decoded = EventDecoder.decode(
      Self.records(
        Self.record("ObjectCreated:Put", "{\"key\":\"a\"}"), "{}", "7", Self.record("ObjectRemoved:Delete", "{}"),
        Self.record("ObjectCreated:Put", "{\"key\":\"%FF\"}"), Self.record("ObjectRemoved:Delete", "{\"key\":\"b\"}")))
    #expect(decoded.events.map(\.key) == ["a", "b"])
    #expect(decoded.unknown == 4)
  }

  @Test(arguments: [
    "", "hello", "[]", "7", "{}", "{\"Records\":7}", "{\"Type\":\"Notification\",\"Message\":\"not JSON\"}",
    "{\"Type\":\"SubscriptionConfirmation\",\"Message\":\"x\"}", "{\"source\":\"aws.ec2\",\"detail\":{}}",
    "{\"source\":\"aws.s3\",\"detail-type\":\"Object Created\",\"detail\":{}}",
    String(repeating: "[", count: 10_000), String(repeating: "{\"Records\":", count: 300),
  ])
  func whatNobodyUnderstandsIsCounted(_ body: String) {
    let decoded = EventDecoder.decode(body)
    #expect(decoded.events.isEmpty && decoded.unknown == 1)
  }

  @Test func envelopesDoNotNestForEver() {
    var body = Self.records(Self.record("ObjectCreated:Put", "{\"key\":\"a\"}"))
    for _ in 0..<3 { body = Self.wrapped(body) }
    #expect(EventDecoder.decode(body).events.count == 1)
    #expect(EventDecoder.decode(Self.wrapped(body)).unknown == 1)
  }
}
