import Foundation
import Testing

@testable import LocalTree
@testable import RemoteTree
@testable import SyncEngine
@testable import SyncModel

extension FuzzTests {
  private static let slot =
    #"{"path":"a/b","displaced":{"kind":1,"inode":7,"size":5,"modified":-1,"mode":420,"crc64":18446744073709551615},"#
    + #""installed":{"kind":2,"inode":8,"size":5,"modified":1,"mode":511,"crc64":0},"isInBucket":true}"#
  private static let intent =
    #"{"id":{"value":"i"},"kind":"multipart","path":"a","expected":{"etag":"e","size":5,"lastModified":1795216892},"#
    + #""size":5,"crc64":1,"mode":420,"modified":1,"entryKind":1,"isUncertain":false,"openedAt":3,"#
    + #""local":{"kind":1,"mount":1,"inode":2,"size":5,"modified":1,"changed":1,"mode":420,"isProvisional":false},"#
    + #""upload":{"path":"a","uploadID":"u","size":5,"partSize":8388608},"parts":[]}"#

  /// What Martlet wrote itself and reads back after a power loss, in which anything may stand.
  @Test func storedRecords() throws {
    let fuzzer = Fuzzer(
      target: "storedRecords",
      seeds: [
        Self.slot, Self.intent, String(decoding: try JSONEncoder().encode(ServerCapabilities.full), as: UTF8.self),
      ],
      tokens: ["{", "}", "[", "]", "null", "true", "1e30", "1.5", "\\u0000", "\\ud800", "\"path\":", ",", ":", "255"])
    try fuzzer.run { input in
      let data = Data(input)
      if let record = try? JSONDecoder().decode(SlotRecord.self, from: data) { try Self.checkRoundTrip(record) }
      if let intent = try? JSONDecoder().decode(Intent.self, from: data) {
        try Self.checkRoundTrip(intent)
        if let stamp = intent.expected?.stamp { _ = stamp.isSameVersion(as: stamp) }
        if let stamp = intent.local?.stamp { _ = (stamp.metadata, stamp.modified.wholeSeconds) }
      }
      if let capabilities = try? JSONDecoder().decode(ServerCapabilities.self, from: data) {
        try Self.checkRoundTrip(capabilities)
      }
    }
  }

  /// Where a listing goes on, as a text that the engine hands back.
  @Test func continuations() throws {
    let fuzzer = Fuzzer(
      target: "continuations", seeds: ["3:a/btoken", "0:", "2:\u{e9}t", "1:\u{e9}t"], tokens: [":", "1:", "-1:"])
    try fuzzer.run { input in
      let text = String(decoding: input, as: UTF8.self)
      if let read = Continuation(text) {
        let again = Continuation(read.text)
        try require(again == read, "reads back as another")
      }
      let split = text.unicodeScalars.count / 2
      let made = Continuation(
        lastKey: String(String.UnicodeScalarView(text.unicodeScalars.prefix(split))),
        token: String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(split))))
      let back = Continuation(made.text)
      try require(
        back.map { $0.lastKey.utf8.elementsEqual(made.lastKey.utf8) && $0.token.utf8.elementsEqual(made.token.utf8) }
          ?? false, "\(made) reads back as \(String(describing: back))")
    }
  }

  private static func checkRoundTrip<Record: Codable & Equatable>(_ record: Record) throws {
    let again = try JSONDecoder().decode(Record.self, from: JSONEncoder().encode(record))
    try require(again == record, "\(record) reads back as \(again)")
  }
}
