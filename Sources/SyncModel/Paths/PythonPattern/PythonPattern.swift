/// A regular expression in Python's syntax, and whether a text begins with a match: `re.match(pattern, text) is not None`.
///
/// Only whether there is a match is asked, so greedy and lazy quantifiers are the same, and the time grows with the
/// text's length and never with the number of ways to match. docs/migrating.md lists what is understood; all else is
/// refused by name. The rules are those of Python 3.11's `re` for `str`.
package struct PythonPattern: Sendable {
  package let source: String
  private let program: PythonPatternProgram

  /// What cannot be used, and where: the position counts characters (Unicode scalars) from 0, as Python does.
  package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    package let what: String
    package let position: Int
    package var description: String { "\(what) at position \(position)" }
  }

  package init(parsing source: String) throws(Problem) {
    self.source = source
    var parser = PythonPatternParser(source)
    program = try PythonPatternProgram(try parser.parse())
  }

  package func matchesStart(of text: some Sequence<Unicode.Scalar>) -> Bool { program.matches(Array(text)) }
}

extension PythonPattern: Hashable {
  package static func == (left: Self, right: Self) -> Bool {
    left.source.unicodeScalars.elementsEqual(right.source.unicodeScalars)
  }

  package func hash(into hasher: inout Hasher) { for scalar in source.unicodeScalars { hasher.combine(scalar) } }
}

/// What a pattern consists of.
indirect enum PythonPatternNode: Sendable {
  case empty
  case one(PythonScalarClass)
  case sequence([PythonPatternNode])
  case alternatives([PythonPatternNode])
  /// Nil: without limit.
  case repeated(PythonPatternNode, Int, Int?)
  case assertion(PythonAssertion)
  case lookahead(PythonPatternNode, isNegative: Bool)
}

/// What holds between two characters.
enum PythonAssertion: Hashable, Sendable {
  case textStart, lineStart
  case textEnd
  /// Also before a line feed that ends the text.
  case lastLineEnd
  case lineEnd
  case wordBoundary(isASCII: Bool)
  case noWordBoundary(isASCII: Bool)

  func holds(in text: [Unicode.Scalar], at index: Int) -> Bool {
    switch self {
    case .textStart: index == 0
    case .lineStart: index == 0 || text[index - 1] == "\n"
    case .textEnd: index == text.count
    case .lastLineEnd: index == text.count || index == text.count - 1 && text[index] == "\n"
    case .lineEnd: index == text.count || text[index] == "\n"
    // Of an empty text neither holds, as in Python up to 3.13.
    case .wordBoundary(let isASCII): !text.isEmpty && Self.isBoundary(text, index, isASCII)
    case .noWordBoundary(let isASCII): !text.isEmpty && !Self.isBoundary(text, index, isASCII)
    }
  }

  private static func isBoundary(_ text: [Unicode.Scalar], _ index: Int, _ isASCII: Bool) -> Bool {
    func isWord(_ index: Int) -> Bool {
      text.indices.contains(index) && PythonCategory.word.contains(text[index], isASCII: isASCII)
    }
    return isWord(index - 1) != isWord(index)
  }
}
