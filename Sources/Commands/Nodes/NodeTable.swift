import Martlet

/// Nodes for people: a line each, in columns.
enum NodeTable {
  static func text(_ nodes: [StatusReport.Node], of prefix: String) -> String {
    guard !nodes.isEmpty else { return "no node of \(prefix) was seen lately" }
    let head = ["NODE", "HOST", "STATE", "SEEN", "LAST PASS", "WAITING", "VERSION"]
    let rows = nodes.map { node in
      [
        node.node, node.host, node.isLive ? "live" : "silent", ago(node.secondsSinceSeen),
        node.secondsSinceLastPass.map(ago) ?? "none yet", waiting(node), node.version,
      ].map(TextLogHandler.printable)
    }
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    return ([head] + rows).map { row in
      let cells = row.indices.map { column in
        column == row.count - 1
          ? row[column] : row[column] + String(repeating: " ", count: widths[column] - row[column].count)
      }
      return cells.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  private static func ago(_ seconds: Int64) -> String { "\(DurationText.describe(.seconds(seconds))) ago" }

  private static func waiting(_ node: StatusReport.Node) -> String {
    guard node.pending > 0 else { return "nothing" }
    return "\(node.pending)"
      + (node.oldestUnsyncedSeconds.map { ", since \(DurationText.describe(.seconds($0)))" } ?? "")
  }
}
