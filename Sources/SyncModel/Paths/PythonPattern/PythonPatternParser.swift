/// Reads a pattern. Positions are indices of its scalars.
struct PythonPatternParser {
  typealias Node = PythonPatternNode
  typealias Problem = PythonPattern.Problem

  struct Flags {
    var ignoresCase = false
    var isMultiline = false
    var dotIsAll = false
    var isASCII = false
  }

  /// Deeper nesting is a mistake.
  private static let deepest = 100

  let text: [Unicode.Scalar]
  var index = 0
  var flags = Flags()
  private var depth = 0

  init(_ source: String) { text = Array(source.unicodeScalars) }

  mutating func parse() throws(Problem) -> Node {
    let node = try alternatives()
    if index < text.count { throw problem("a ) without its (", at: index) }
    return node
  }

  func problem(_ what: String, at position: Int) -> Problem { Problem(what: what, position: position) }

  var next: Unicode.Scalar? { index < text.count ? text[index] : nil }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    index += 1
    return true
  }

  private mutating func alternatives() throws(Problem) -> Node {
    var branches = [try sequence(isFirst: depth == 0)]
    while take("|") { branches.append(try sequence(isFirst: false)) }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  /// `isFirst`: flags for the whole pattern may stand here.
  private mutating func sequence(isFirst: Bool) throws(Problem) -> Node {
    var items: [Node] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      let start = index
      index += 1
      switch scalar {
      case "*", "+", "?": throw problem("a \(scalar) with nothing to repeat", at: start)
      case "(":
        guard let group = try group(from: start, mayBeGlobal: isFirst && items.isEmpty) else { continue }
        items.append(try repeated(group, from: start))
      case "[": items.append(try repeated(.one(try set(from: start)), from: start))
      case ".":
        let lineFeed = PythonScalarClass(items: flags.dotIsAll ? [] : [.range("\n", "\n")], isNegative: true)
        items.append(try repeated(.one(lineFeed), from: start))
      case "^": items.append(try unrepeated(.assertion(flags.isMultiline ? .lineStart : .textStart)))
      case "$": items.append(try unrepeated(.assertion(flags.isMultiline ? .lineEnd : .lastLineEnd)))
      case "\\":
        let node = try escape(from: start)
        if case .assertion = node {
          items.append(try unrepeated(node))
        } else {
          items.append(try repeated(node, from: start))
        }
      // Where no bounds follow, a { stands for itself.
      case "{":
        if try peekBounds(from: start) != nil { throw problem("a {…} with nothing to repeat", at: start) }
        items.append(try repeated(.one(literal(scalar)), from: start))
      default: items.append(try repeated(.one(literal(scalar)), from: start))
      }
    }
    return items.count == 1 ? items[0] : .sequence(items)
  }

  func literal(_ scalar: Unicode.Scalar) -> PythonScalarClass { withFlags(.scalar(scalar)) }

  func withFlags(_ characters: PythonScalarClass) -> PythonScalarClass {
    var characters = characters
    characters.ignoresCase = flags.ignoresCase
    characters.isASCII = flags.isASCII
    return characters
  }
}

// Groups.
extension PythonPatternParser {
  /// Nil: a comment, or flags.
  private mutating func group(from start: Int, mayBeGlobal: Bool) throws(Problem) -> Node? {
    let outer = flags
    var wrap: (Node) -> Node = { $0 }
    if take("?") {
      switch next {
      case ":": index += 1
      case "=", "!":
        let isNegative = next == "!"
        index += 1
        wrap = { .lookahead($0, isNegative: isNegative) }
      case "P": try name(from: start)
      case "#":
        while let scalar = next, scalar != ")" { _ = take(scalar) }
        guard take(")") else { throw problem("a comment (?#…) that does not end", at: start) }
        return nil
      case "<": throw problem("a lookbehind (?<=…) or (?<!…), which is not supported,", at: start)
      case ">": throw problem("an atomic group (?>…), which is not supported,", at: start)
      case "(": throw problem("a conditional (?(…)…), which is not supported,", at: start)
      default: if try flagGroup(from: start, mayBeGlobal: mayBeGlobal) { return nil }
      }
    }
    depth += 1
    guard depth <= Self.deepest else { throw problem("groups nested too deeply", at: start) }
    let node = try alternatives()
    depth -= 1
    guard take(")") else { throw problem("a ( without its )", at: start) }
    flags = outer
    return wrap(node)
  }

  private mutating func name(from start: Int) throws(Problem) {
    index += 1
    if next == "=" { throw problem("a backreference (?P=…), which is not supported,", at: start) }
    guard take("<") else { throw problem("an unknown group (?P…", at: start) }
    let begin = index
    while let scalar = next, scalar != ">" { _ = take(scalar) }
    let name = text[begin..<index]
    guard take(">") else { throw problem("a group's name that does not end", at: start) }
    let isName =
      name.allSatisfy { PythonCategory.word.contains($0, isASCII: true) }
      && name.first.map { !PythonCategory.digit.contains($0, isASCII: true) } ?? false
    guard isName else { throw problem("a group's name that is not one of ASCII letters, digits and _", at: begin) }
  }

  /// True: for the whole pattern. Otherwise what follows the `:` is the group.
  private mutating func flagGroup(from start: Int, mayBeGlobal: Bool) throws(Problem) -> Bool {
    var turnsOn = true
    var isEmpty = true
    while let scalar = next, scalar != ")", scalar != ":" {
      index += 1
      switch scalar {
      case "-" where turnsOn:
        turnsOn = false
        isEmpty = true
        continue
      case "i": flags.ignoresCase = turnsOn
      case "m": flags.isMultiline = turnsOn
      case "s": flags.dotIsAll = turnsOn
      case "a" where turnsOn: flags.isASCII = true
      case "u" where turnsOn && !flags.isASCII: break
      case "x": throw problem("the flag x (verbose), which is not supported,", at: index - 1)
      case "L": throw problem("the flag L, which Python takes for bytes only,", at: index - 1)
      default: throw problem("an unknown group or flag \(scalar)", at: index - 1)
      }
      isEmpty = false
    }
    if isEmpty { throw problem("a group (?…) without flags", at: start) }
    if take(":") { return false }
    guard turnsOn, take(")") else { throw problem("flags that do not end in a : or )", at: start) }
    if !mayBeGlobal { throw problem("flags for the whole pattern, which may only begin it,", at: start) }
    return true
  }
}

// Quantifiers.
extension PythonPatternParser {
  /// More repetitions make a program that is too long.
  private static let most = 1000

  private mutating func repeated(_ node: Node, from start: Int) throws(Problem) -> Node {
    guard let bounds = try quantifier() else { return node }
    if try quantifier() != nil { throw problem("a repetition of a repetition", at: index - 1) }
    return .repeated(node, bounds.0, bounds.1)
  }

  private mutating func unrepeated(_ node: Node) throws(Problem) -> Node {
    let start = index
    if try quantifier() != nil { throw problem("a repetition with nothing to repeat", at: start) }
    return node
  }

  /// With the ? of a lazy one, which makes no difference here.
  private mutating func quantifier() throws(Problem) -> (Int, Int?)? {
    let start = index
    let bounds: (Int, Int?)
    switch next {
    case "*": (index, bounds) = (index + 1, (0, nil))
    case "+": (index, bounds) = (index + 1, (1, nil))
    case "?": (index, bounds) = (index + 1, (0, 1))
    case "{":
      index += 1
      guard let found = try peekBounds(from: start) else {
        index = start
        return nil
      }
      (bounds, index) = found
    default: return nil
    }
    if take("?") { return bounds }
    if next == "+" { throw problem("a possessive quantifier, which is not supported,", at: start) }
    return bounds
  }

  /// What stands behind a { if that begins a quantifier, and where it ends.
  private func peekBounds(from start: Int) throws(Problem) -> ((Int, Int?), end: Int)? {
    var position = start + 1
    func number() throws(Problem) -> Int? {
      let begin = position
      while position < text.count, ("0"..."9").contains(text[position]) { position += 1 }
      if begin == position { return nil }
      let digits = String(String.UnicodeScalarView(text[begin..<position]))
      guard let value = Int(digits), value <= Self.most else {
        throw problem("a repetition of more than \(Self.most) times, which is not supported,", at: start)
      }
      return value
    }
    if position < text.count, text[position] == "}" { return nil }
    let least = try number()
    var most = least
    if position < text.count, text[position] == "," {
      position += 1
      most = try number()
    } else if least == nil {
      return nil
    }
    guard position < text.count, text[position] == "}" else { return nil }
    if let most, most < least ?? 0 { throw problem("a repetition whose bounds are in the wrong order", at: start) }
    return ((least ?? 0, most), position + 1)
  }
}
