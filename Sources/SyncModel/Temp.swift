package struct DeletionLimit: Hashable, Sendable { package static let standard = DeletionLimit() }
package struct DeletionGuard: Sendable {
  package enum Side: Sendable { case local, remote }
  package enum Verdict: Sendable { case allow; case halt(String) }
  let limit: DeletionLimit
  package init(limit: DeletionLimit) { self.limit = limit }
  package mutating func judge(count: Int, side: Side, leaves: Int, isEmptySource: Bool, now: Int64) -> Verdict {
    if isEmptySource, leaves > 1 { return .halt("empty") }
    if count > 20, count * 2 > leaves { return .halt("too many") }
    return .allow
  }
}
package struct Quarantine: Sendable {
  struct Item { var n = 0; var next: Int64 = 0; var reason = "" }
  var items: [RelativePath: Item] = [:]
  package init() {}
  package func wait(for path: RelativePath, now: Int64) -> Int64? { items[path].map { $0.next - now } }
  package mutating func succeeded(_ path: RelativePath) -> Bool { (items.removeValue(forKey: path)?.n ?? 0) >= 3 }
  package mutating func failed(_ path: RelativePath, reason: String, now: Int64, random: UInt64) -> Int64 {
    var i = items[path] ?? Item(); i.n += 1; i.reason = reason
    let d = Int64(min(300, 1 << min(i.n, 8))) * 1_000_000_000 / 2; i.next = now + d; items[path] = i; return d }
  package func isReported(_ path: RelativePath) -> Bool { failures(of: path) >= 3 }
  package func failures(of path: RelativePath) -> Int { items[path]?.n ?? 0 }
  package var reports: [(RelativePath, String)] { items.map { ($0.key, $0.value.reason) } }
}
package enum ConflictName {
  package static func local(_ path: RelativePath, node: String, modified: Timestamp, fingerprint: Fingerprint, prefixLength: Int) -> RelativePath {
    RelativePath(unchecked: path.string + " (conflict \(node) \(String(fingerprint.crc64, radix: 16)))") }
  package static func remote(_ path: RelativePath, modified: Timestamp, etag: String, prefixLength: Int) -> RelativePath {
    RelativePath(unchecked: path.string + " (conflict \(etag.prefix(8)))") }
}
package struct PrefixStack<Value: Sendable>: Sendable {
  var items: [(RelativePath, Value)] = []
  package init() {}
  package mutating func push(_ path: RelativePath, _ value: Value) { items.append((path, value)) }
  package func contains(_ p: RelativePath) -> Bool { items.contains { $0.0 == p } }
  package mutating func advance(to path: RelativePath) -> [(RelativePath, Value, Bool)] {
    var out: [(RelativePath, Value, Bool)] = []
    while let last = items.last, !path.isBelow(last.0), !path.string.utf8.starts(with: last.0.string.utf8) || path.asDirectory.string.utf8.lexicographicallyPrecedes(last.0.asDirectory.string.utf8) == false && !path.isBelow(last.0.asDirectory) && last.0.asDirectory < path { items.removeLast(); out.append((last.0, last.1, false)) }
    return out
  }
  package mutating func finish() -> [(RelativePath, Value, Bool)] { defer { items = [] }; return items.reversed().map { ($0.0, $0.1, false) } }
}
