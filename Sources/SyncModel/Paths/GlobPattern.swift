/// A pattern of the AWS CLI's `--exclude` and `--include`: Python's `fnmatch` over a complete text.
///
/// `*` is any run of characters and `?` any one, both also `/` and newline; `[a-c]` and `[!a-c]` are sets; a
/// bracket without its closing one and all other characters stand for themselves. There is no escape.
/// Characters are Unicode scalars, without normalisation.
struct GlobPattern: Hashable, Sendable {
  private enum Token: Hashable, Sendable {
    case run
    case any
    case literal(Unicode.Scalar)
    case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)

    func matches(_ scalar: Unicode.Scalar) -> Bool {
      switch self {
      case .run, .any: true
      case .literal(let literal): literal == scalar
      case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
      }
    }
  }

  private let tokens: [Token]

  init(_ pattern: String) {
    var rest = Array(pattern.unicodeScalars)[...]
    var tokens: [Token] = []
    while let scalar = rest.popFirst() {
      switch scalar {
      case "*": if tokens.last != .run { tokens.append(.run) }
      case "?": tokens.append(.any)
      case "[": tokens.append(Self.takeSet(from: &rest) ?? .literal("["))
      default: tokens.append(.literal(scalar))
      }
    }
    self.tokens = tokens
  }

  /// Takes what follows an opening bracket; nil, and nothing taken, where the closing one is missing.
  private static func takeSet(from rest: inout ArraySlice<Unicode.Scalar>) -> Token? {
    var body = rest
    let isNegated = body.first == "!"
    if isNegated { body.removeFirst() }
    // A closing bracket in first place is a member.
    guard let end = body.dropFirst().firstIndex(of: "]") else { return nil }
    rest = rest[(end + 1)...]
    body = body[..<end]
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    while let low = body.popFirst() {
      if body.count >= 2, body.first == "-" {
        let high = body[body.startIndex + 1]
        body.removeFirst(2)
        // A reversed range is empty.
        if low <= high { ranges.append(low...high) }
      } else {
        ranges.append(low...low)
      }
    }
    return .set(ranges, isNegated: isNegated)
  }

  /// Takes at most `text.count × tokens.count` steps: only the last run is ever tried again.
  func matches(_ text: [Unicode.Scalar]) -> Bool {
    var position = 0
    var token = 0
    var retry: (token: Int, position: Int)?
    while position < text.count {
      if token < tokens.count, tokens[token] == .run {
        token += 1
        retry = (token, position)
      } else if token < tokens.count, tokens[token].matches(text[position]) {
        token += 1
        position += 1
      } else if let last = retry {
        retry = (last.token, last.position + 1)
        token = last.token
        position = last.position + 1
      } else {
        return false
      }
    }
    return tokens[token...].allSatisfy { $0 == .run }
  }
}
