/// One character of a text, as a pattern describes it.
struct PythonScalarClass: Hashable, Sendable {
  enum Item: Hashable, Sendable {
    case range(Unicode.Scalar, Unicode.Scalar)
    case category(PythonCategory, isNegative: Bool)
  }

  var items: [Item]
  var isNegative = false
  var ignoresCase = false
  var isASCII = false

  static func scalar(_ scalar: Unicode.Scalar) -> PythonScalarClass {
    PythonScalarClass(items: [.range(scalar, scalar)])
  }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    let isFound =
      ignoresCase ? Self.variants(of: scalar, isASCII: isASCII).contains(where: hasItem) : hasItem(scalar)
    return isFound != isNegative
  }

  private func hasItem(_ scalar: Unicode.Scalar) -> Bool {
    items.contains { item in
      switch item {
      case .range(let low, let high): low <= scalar && scalar <= high
      case .category(let category, let isNegative): category.contains(scalar, isASCII: isASCII) != isNegative
      }
    }
  }

  /// The characters that are the same but for their case. Where another case takes several characters there is none.
  private static func variants(of scalar: Unicode.Scalar, isASCII: Bool) -> [Unicode.Scalar] {
    func single(_ text: String) -> Unicode.Scalar? {
      let scalars = text.unicodeScalars
      return scalars.count == 1 ? scalars.first : nil
    }
    if isASCII {
      guard scalar.isASCII else { return [scalar] }
      return [scalar, single(String(scalar).lowercased()), single(String(scalar).uppercased())].compactMap(\.self)
    }
    let lower = scalar == "\u{130}" ? "i" : single(scalar.properties.lowercaseMapping) ?? scalar
    let upper = single(lower.properties.uppercaseMapping) ?? lower
    let all = [scalar, lower, upper, single(upper.properties.lowercaseMapping) ?? lower]
    // What shares a capital letter: ſ and s, ı and i, ς and σ, µ and μ, and the Kelvin and Ångström signs by their own.
    let kin: [Unicode.Scalar] =
      switch all[3] {
      case "s": ["\u{17F}"]
      case "i": ["\u{131}", "\u{130}"]
      case "k": ["\u{212A}"]
      case "\u{E5}": ["\u{212B}"]
      case "\u{3C3}": ["\u{3C2}"]
      case "\u{3BC}": ["\u{B5}"]
      default: []
      }
    return all + kin
  }
}

/// `\d`, `\s` and `\w`.
enum PythonCategory: Hashable, Sendable {
  case digit, space, word

  func contains(_ scalar: Unicode.Scalar, isASCII: Bool) -> Bool {
    if scalar.isASCII {
      return switch self {
      case .digit: ("0"..."9").contains(scalar)
      case .word: ("0"..."9").contains(scalar) || Self.isLetter(scalar) || scalar == "_"
      case .space:
        // Python's `str` takes the separators FS to US for white space; with the flag `a` they are none.
        scalar == " " || ("\u{9}"..."\u{D}").contains(scalar) || !isASCII && ("\u{1C}"..."\u{1F}").contains(scalar)
      }
    }
    if isASCII { return false }
    let properties = scalar.properties
    return switch self {
    case .digit: properties.generalCategory == .decimalNumber
    case .space: Self.spaces.contains(scalar)
    case .word: Self.isLetter(scalar) || properties.numericType != nil
    }
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// Beyond ASCII: the space separators, and NEL and the separators of lines and paragraphs.
  private static let spaces: Set<Unicode.Scalar> = Set(
    ["\u{85}", "\u{A0}", "\u{1680}", "\u{2028}", "\u{2029}", "\u{202F}", "\u{205F}", "\u{3000}"]
      + (0x2000...0x200A).compactMap(Unicode.Scalar.init))
}
