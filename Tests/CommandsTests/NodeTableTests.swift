import RemoteTree
import Testing

@testable import Commands
@testable import Martlet

@Suite struct NodeTableTests {
  @Test func nodesAreShownInColumns() {
    var record = NodeRecord(run: "r", version: "1.0", host: "h\u{1b}[2J", interval: 240, uptime: 5)
    record.sinceLastPass = 60
    record.pending = 2
    record.oldestPending = 3
    let nodes = [
      SeenNode(id: "web", record: record, age: 30, etag: ""),
      SeenNode(
        id: "web-1a2b", record: NodeRecord(run: "r", version: "1.0", host: "h", interval: 240, uptime: 5), age: 661,
        etag: ""),
      SeenNode(id: "strange", record: nil, age: 0, etag: ""),
    ].compactMap(StatusReport.Node.init)
    let lines = NodeTable.text(nodes, of: "s3://b/").split(separator: "\n").map {
      $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
    #expect(
      lines == [
        "NODE HOST STATE SEEN LAST PASS WAITING VERSION",
        "web h\\u{1B}[2J live 30 s ago 1 min 30 s ago 2, since 33 s 1.0",
        "web-1a2b h silent 11 min 1 s ago none yet nothing 1.0",
      ])
    #expect(NodeTable.text([], of: "s3://b/").contains("no node of s3://b/"))
  }

  /// What others write there is no reason to fail, or to wait for somebody for ever.
  @Test(
    arguments: [
      [:], ["martlet-run": "r"], ["martlet-run": "", "martlet-interval": "60"],
      ["martlet-run": "r", "martlet-interval": "0"], ["martlet-run": "r", "martlet-interval": "99999999999999999999"],
      ["martlet-run": "r", "martlet-interval": "86400"],
    ])
  func strangeRecordsAreNone(_ metadata: [String: String]) {
    #expect(NodeRecord(metadata: metadata) == nil)
  }

  @Test func recordsAreReadAsWritten() throws {
    var record = NodeRecord(run: "r", version: "1.0", host: "h", interval: 240, uptime: 5)
    #expect(NodeRecord(metadata: record.metadata) == record)
    record.sinceLastPass = 1
    record.pending = 2
    record.oldestPending = 3
    #expect(NodeRecord(metadata: record.metadata) == record)
  }
}
