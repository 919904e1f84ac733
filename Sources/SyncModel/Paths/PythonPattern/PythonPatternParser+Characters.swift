// Escapes and sets.
extension PythonPatternParser {
  /// Behind a backslash outside of a set.
  mutating func escape(from start: Int) throws(Problem) -> Node {
    guard let scalar = next else { throw problem("a \\ at the end", at: start) }
    switch scalar {
    case "A", "Z", "b", "B":
      index += 1
      let assertion: PythonAssertion =
        switch scalar {
        case "A": .textStart
        case "Z": .textEnd
        case "b": .wordBoundary(isASCII: flags.isASCII)
        default: .noWordBoundary(isASCII: flags.isASCII)
        }
      return .assertion(assertion)
    case "1"..."9":
      let digits = text[index...].prefix(3)
      guard digits.count == 3, digits.allSatisfy({ ("0"..."7").contains($0) }) else {
        throw problem("a backreference \\\(scalar), which is not supported,", at: start)
      }
      return .one(literal(try octal(from: start, digits: 3)))
    case "0": return .one(literal(try octal(from: start, digits: 3)))
    default:
      if let category = category(scalar) {
        index += 1
        return .one(withFlags(PythonScalarClass(items: [category])))
      }
      return .one(literal(try character(from: start)))
    }
  }

  /// Behind a [.
  mutating func set(from start: Int) throws(Problem) -> PythonScalarClass {
    var found = PythonScalarClass(items: [])
    found.isNegative = take("^")
    let first = index
    while true {
      guard let scalar = next else { throw problem("a [ without its ]", at: start) }
      if scalar == "]", index > first {
        index += 1
        return withFlags(found)
      }
      let begin = index
      let low = try setItem()
      guard next == "-", index + 1 < text.count, text[index + 1] != "]" else {
        found.items.append(low)
        continue
      }
      index += 1
      let high = try setItem()
      guard case .range(let from, _) = low, case .range(let through, _) = high else {
        throw problem("a range whose end is a class", at: begin)
      }
      guard from <= through else { throw problem("a range in the wrong order", at: begin) }
      found.items.append(.range(from, through))
    }
  }

  private mutating func setItem() throws(Problem) -> PythonScalarClass.Item {
    let start = index
    guard let scalar = next else { throw problem("a set that does not end", at: start) }
    index += 1
    guard scalar == "\\" else { return .range(scalar, scalar) }
    guard let escaped = next else { throw problem("a \\ at the end", at: start) }
    if let category = category(escaped) {
      index += 1
      return category
    }
    let one: Unicode.Scalar
    switch escaped {
    case "b":
      index += 1
      one = "\u{8}"
    case "0"..."7": one = try octal(from: start, digits: 3)
    default: one = try character(from: start)
    }
    return .range(one, one)
  }

  private func category(_ scalar: Unicode.Scalar) -> PythonScalarClass.Item? {
    switch scalar {
    case "d": .category(.digit, isNegative: false)
    case "D": .category(.digit, isNegative: true)
    case "s": .category(.space, isNegative: false)
    case "S": .category(.space, isNegative: true)
    case "w": .category(.word, isNegative: false)
    case "W": .category(.word, isNegative: true)
    default: nil
    }
  }

  private mutating func octal(from start: Int, digits: Int) throws(Problem) -> Unicode.Scalar {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = next, ("0"..."7").contains(digit) else { break }
      value = value * 8 + digit.value - 48
      index += 1
    }
    guard value <= 0o377, let scalar = Unicode.Scalar(value) else {
      throw problem("an octal escape above \\377", at: start)
    }
    return scalar
  }

  /// An escape that means one character wherever it stands.
  private mutating func character(from start: Int) throws(Problem) -> Unicode.Scalar {
    let scalar = text[index]
    index += 1
    switch scalar {
    case "a": return "\u{7}"
    case "f": return "\u{C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "v": return "\u{B}"
    case "x": return try hex(2, from: start)
    case "u": return try hex(4, from: start)
    case "U": return try hex(8, from: start)
    case "N": throw problem("a character by its name \\N{…}, which is not supported,", at: start)
    case "0"..."9", "a"..."z", "A"..."Z": throw problem("an unknown escape \\\(scalar)", at: start)
    default: return scalar
    }
  }

  private mutating func hex(_ count: Int, from start: Int) throws(Problem) -> Unicode.Scalar {
    let digits = text[index...].prefix(count)
    let isHex = digits.allSatisfy { $0.properties.isASCIIHexDigit }
    guard digits.count == count, isHex, let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 16),
      let scalar = Unicode.Scalar(value)
    else { throw problem("an escape that names no character", at: start) }
    index += count
    return scalar
  }
}
