/// Makes inputs out of good ones: whole tokens go in, pieces are cut, doubled, swapped and joined, bytes and numbers
/// change.
struct Mutator {
  let seeds: [[UInt8]]
  let tokens: [[UInt8]]

  /// What readers of any format stumble over.
  private static let universal: [[UInt8]] =
    [
      "", "0", "-1", "+1", "00", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
      "18446744073709551615", "99999999999999999999999", "4294967296", "1e400", "nan", "\u{0}", "\n", "\r\n",
      "\u{2028}",
      "\u{e9}", "e\u{301}", "\u{1F600}", " ", "%", "%00", "/", "..", "\"",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]]

  /// Longer inputs only take time.
  private static let maximumLength = 4_096

  init(seeds: [[UInt8]], tokens: [String]) {
    self.seeds = seeds
    self.tokens = Self.universal + tokens.map { Array($0.utf8) }
  }

  func input(_ random: inout SeededRandom) -> [UInt8] {
    var input = random.pick(seeds)
    // Mostly little changes: a reader refuses a wreck at once.
    var changes = random.pick([0, 1, 1, 1, 2, 2, 3, 5, 9])
    while changes > 0 {
      change(&input, &random)
      changes -= 1
    }
    return Array(input.prefix(Self.maximumLength))
  }

  private func change(_ input: inout [UInt8], _ random: inout SeededRandom) {
    let start = random.below(input.count + 1)
    let length = min(input.count - start, random.pick([0, 1, 1, 2, 4, 8, 32, 300]))
    let piece = start..<start + length
    switch random.below(9) {
    case 0: input.replaceSubrange(piece, with: random.pick(tokens))
    case 1: input.insert(contentsOf: random.pick(tokens), at: start)
    case 2: input.removeSubrange(piece)
    case 3: input.insert(contentsOf: input[piece], at: random.below(input.count + 1))
    case 4: input.replaceSubrange(piece, with: repeatElement(random.pick(tokens), count: 1 + random.below(40)).joined())
    case 5: input.removeSubrange(start...)
    case 6:
      let other = random.pick(seeds)
      input = Array(input[..<start] + other[random.below(other.count + 1)...])
    case 7:
      if let digit = input.indices.dropFirst(start).first(where: { (48...57).contains(input[$0]) }) {
        input[digit] = UInt8(48 + random.below(10))
      }
    default: if length > 0 { input[start] = UInt8(truncatingIfNeeded: random.next()) }
    }
  }
}
