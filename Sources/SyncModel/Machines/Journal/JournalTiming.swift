/// The times of a journal, in nanoseconds.
package struct JournalTiming: Hashable, Sendable {
  /// How long an entry stays, by the server's clock; the same on all nodes.
  package var retention: Int64 = 3600 * second
  /// From the first change that is to be told to its entry, so that changes of a moment share one.
  package var gathering: Int64 = 25_000_000
  /// Between two entries of one node.
  package var spacing: Int64 = second / 4
  /// Of silence, after which the journal is listed: "not there" does not tell what was removed from what is to come.
  package var silence: Int64 = 60 * second
  /// Between two listings while entries come.
  package var listing: Int64 = 300 * second
  /// Entries that are not read one by one; a look at everything is cheaper.
  package var longestBacklog: Int64 = 500
  package var backoff = Backoff(base: second, cap: 60 * second)
  /// After another node was faster.
  package var contention = Backoff(base: second / 10, cap: 2 * second)

  package static let second: Int64 = 1_000_000_000

  package init() {}

  /// How long a look at the tail counts: what was beyond it then cannot have been removed since, and what is written
  /// there is read by whoever looks as often.
  var validity: Int64 { retention / 4 }

  /// Between two looks for the next entry, by how long ago something happened.
  func interval(idle: Int64) -> Int64 {
    switch idle {
    case ..<(10 * Self.second): Self.second / 2
    case ..<(120 * Self.second): Self.second
    case ..<(3600 * Self.second): 3 * Self.second
    default: 5 * Self.second
    }
  }
}
