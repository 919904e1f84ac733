import Foundation
import Testing

@testable import EmbeddedS3

@Suite struct FaultTests {
  @Test(arguments: [
    ("*", "anything/at all", true), ("*.txt", "a/b.txt", true), ("*.txt", "a.txt2", false), ("a?c", "abc", true),
    ("a?c", "ac", false), ("a*b*c", "a1b2b3c", true), ("", "", true), ("", "x", false), ("a**", "a", true),
  ]) func globs(_ pattern: String, _ text: String, _ matches: Bool) {
    #expect(globMatches(Array(pattern.utf8), Array(text.utf8)) == matches)
  }

  @Test func skipsAndCounts() {
    let table = FaultTable()
    table.add(Fault(.dropBefore, on: [.putObject], key: "a*", skip: 1, count: 2))
    table.add(Fault(.corrupt, on: [.getObject]))
    let hits = (0..<5).map { _ in table.take(.putObject, key: "ab") != nil }
    #expect(hits == [false, true, true, false, false])
    #expect(table.take(.putObject, key: "b") == nil)
    #expect(table.take(.getObject, key: "b") != nil)
    table.removeAll()
    #expect(table.take(.getObject, key: "b") == nil)
  }

  @Test func jsonRoundTrip() throws {
    let actions: [Fault.Action] = [
      .status(503, code: "SlowDown"), .dropBefore, .dropAfter, .delay(milliseconds: 5), .truncate(bytes: 7), .corrupt,
      .stall(bytes: 9), .ignoreConditions, .errorInside(code: "InternalError"),
    ]
    for action in actions {
      let fault = Fault(action, on: [.putObject], key: "x", skip: 1, count: 2)
      let data = try JSONEncoder().encode(fault)
      let back = try JSONDecoder().decode(Fault.self, from: data)
      #expect("\(back)" == "\(fault)")
    }
  }
}
