/// How many deletions may cross without asking: `--max-delete`.
package enum DeletionLimit: Hashable, Sendable {
  /// Nothing was said: 50 % and more than 20 files, both exceeded.
  case standard
  case files(Int)
  /// Of the files that were in sync.
  case percent(Int)
  case unlimited

  package struct Problem: Error, Hashable, CustomStringConvertible {
    package let description: String
  }

  /// Takes `N`, `N%` or `none`.
  package init(parsing text: String) throws(Problem) {
    let number = text.utf8.last == UInt8(ascii: "%") ? text.dropLast() : text[...]
    if text == "none" {
      self = .unlimited
      return
    }
    guard number.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let value = Int(number)
    else {
      throw Problem(description: "--max-delete \(text): give a number of files (100), a share (25%) or none")
    }
    if number.utf8.count == text.utf8.count {
      self = .files(value)
    } else if value <= 100 {
      self = .percent(value)
    } else {
      throw Problem(description: "--max-delete \(text): a share goes from 0% to 100%; none lifts the limit")
    }
  }

  /// Whether `count` deletions among `total` files are more than may cross.
  func isExceeded(by count: Int, of total: Int) -> Bool {
    switch self {
    case .standard: count > 20 && Self.isMore(count, than: 50, of: total)
    case .files(let limit): count > limit
    case .percent(let limit): count > 0 && Self.isMore(count, than: limit, of: total)
    case .unlimited: false
    }
  }

  private static func isMore(_ count: Int, than percent: Int, of total: Int) -> Bool {
    count.multipliedFullWidth(by: 100) > total.multipliedFullWidth(by: percent)
  }
}

extension DeletionLimit: CustomStringConvertible {
  package var description: String {
    switch self {
    case .standard: "50% and more than 20 files"
    case .files(let count): "\(count)"
    case .percent(let share): "\(share)%"
    case .unlimited: "none"
    }
  }
}
