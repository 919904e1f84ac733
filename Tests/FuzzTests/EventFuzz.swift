import EventFeed
import SyncModel
import Testing

extension FuzzTests {
  /// Messages of a queue, in all shapes. Whatever is read can be made a path or refused, and an envelope changes
  /// nothing.
  @Test func events() throws {
    let record = """
      {"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"x/a+b%2B%C3%BC",\
      "size":5,"eTag":"e","versionId":"v","sequencer":"0055AED6DCD90281E5"}}}]}
      """
    let fuzzer = Fuzzer(
      target: "events", regressions: [],
      seeds: [
        record, "{\"Type\":\"Notification\",\"Message\":\"{\\\"Records\\\":[]}\"}", "{\"Event\":\"s3:TestEvent\"}",
        """
        {"source":"aws.s3","detail-type":"Object Deleted","detail":{"bucket":{"name":"b"},"object":{"key":"x/a/"},\
        "reason":"DeleteObject"}}
        """,
      ],
      tokens: [
        "{", "}", "[", "]", "\"", "\\\"", ":", ",", "\"Records\":[", "\"Message\":\"", "\"Type\":\"Notification\",",
        "\"key\":\"", "%2F", "%", "+", "..", "//", "ObjectRemoved:Delete", "ObjectCreated:Copy", "null", "1e999",
        "\\u0000",
        "\\ud800", "\"detail\":{", "\"source\":\"aws.s3\",",
      ])
    let keys = KeyMapping(prefix: "x/")
    try fuzzer.run { input in
      let body = String(decoding: input, as: UTF8.self)
      let decoded = EventDecoder.decode(body)
      try require(
        decoded.events.count + decoded.ignored + decoded.unknown > 0 || body.contains("Records"),
        "a message without anything")
      for event in decoded.events {
        try require(!event.key.isEmpty, "an event without a key")
        if case .success(let path) = keys.path(ofKey: event.key) {
          try require(!path.string.hasPrefix("/") && !path.string.contains("/../"), "a path out of the root")
        }
      }
      let quoted = body.unicodeScalars.map {
        "\\u" + String(repeating: "0", count: 4 - min(4, hex($0).count)) + hex($0)
      }
      guard body.unicodeScalars.allSatisfy({ $0.value < 0x10000 }), !body.contains("Notification") else { return }
      let wrapped = EventDecoder.decode("{\"Type\":\"Notification\",\"Message\":\"\(quoted.joined())\"}")
      try require(wrapped == decoded, "another reading in an envelope")
    }
  }

  private func hex(_ scalar: Unicode.Scalar) -> String { String(scalar.value, radix: 16) }
}
