/// An object key: up to 1,024 bytes of UTF-8, ordered by bytes as S3 orders it.
///
/// Not a `String`, since Swift compares strings by canonical equivalence: `é` composed and decomposed are two keys.
struct ObjectKey: Hashable, Comparable, Sendable {
  static let maximumLength = 1024

  let bytes: [UInt8]

  init(_ bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes)
  }

  init(_ string: String) {
    self.bytes = Array(string.utf8)
  }

  var string: String { String(decoding: self.bytes, as: UTF8.self) }

  func hasPrefix(_ prefix: ObjectKey) -> Bool {
    self.bytes.starts(with: prefix.bytes)
  }

  /// The smallest key above every key with this prefix. UTF-8 has no byte 0xFF, so the increment cannot overflow.
  var successorOfPrefix: ObjectKey? {
    guard let last = self.bytes.last else { return nil }
    return ObjectKey(self.bytes.dropLast() + CollectionOfOne(last + 1))
  }

  /// The smallest key above this one.
  var successor: ObjectKey { ObjectKey(self.bytes + CollectionOfOne(0)) }

  /// The key up to and including the first `delimiter` after `prefix`, nil when there is none.
  func commonPrefix(after prefix: ObjectKey, delimiter: [UInt8]) -> ObjectKey? {
    guard let first = delimiter.first, self.bytes.count >= prefix.bytes.count + delimiter.count else { return nil }
    var index = prefix.bytes.count
    while index + delimiter.count <= self.bytes.count {
      if self.bytes[index] == first, self.bytes[index...].starts(with: delimiter) {
        return ObjectKey(self.bytes[..<(index + delimiter.count)])
      }
      index += 1
    }
    return nil
  }

  static func < (left: ObjectKey, right: ObjectKey) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}
