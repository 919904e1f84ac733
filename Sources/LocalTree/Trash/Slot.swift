internal import SyncModel

/// A place in the trash. Its name starts with the time at which it was filled, so names sort by age.
struct Slot: Hashable, Comparable, Sendable {
  /// What is known about the content, kept in the name of its record.
  enum State: String, CaseIterable {
    /// Not yet compared with the record since nobody can write to it.
    case pending
    /// As recorded, and in the bucket: removed when its retention ends.
    case expiring
    /// As recorded, and never in the bucket: stays.
    case kept
  }

  /// 16 hexadecimal digits of nanoseconds, `-`, 8 random ones.
  let name: String

  init(at time: Timestamp, random: UInt64) {
    let digits = String(UInt64(clamping: time.nanoseconds), radix: 16)
    name = Self.padded(digits, 16) + "-" + Self.padded(String(UInt32(truncatingIfNeeded: random), radix: 16), 8)
  }

  /// Nil for names that are no slots.
  init?(name: String) {
    let bytes = Array(name.utf8)
    guard bytes.count == 25, bytes[16] == UInt8(ascii: "-"), UInt64(name.prefix(16), radix: 16) != nil else {
      return nil
    }
    self.name = name
  }

  /// Nil for names that are no records.
  static func parse(record: String) -> (slot: Slot, state: State)? {
    let parts = record.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let slot = Slot(name: String(parts[0])), let state = State(rawValue: String(parts[1]))
    else { return nil }
    return (slot, state)
  }

  func recordName(_ state: State) -> String { "\(name).\(state.rawValue)" }

  var time: Timestamp { Timestamp(nanoseconds: Int64(clamping: UInt64(name.prefix(16), radix: 16) ?? 0)) }

  static func < (left: Slot, right: Slot) -> Bool { left.name < right.name }

  private static func padded(_ digits: String, _ length: Int) -> String {
    String(repeating: "0", count: length - digits.count) + digits
  }
}
