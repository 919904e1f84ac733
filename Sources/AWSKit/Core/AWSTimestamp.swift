internal import Glibc

/// A point in time as AWS gives it: seconds and nanoseconds since 1970-01-01T00:00:00Z.
public struct AWSTimestamp: Hashable, Comparable, Sendable {
  public var seconds: Int64
  /// 0 ..< 1,000,000,000, counted forwards also before 1970.
  public var nanoseconds: Int32

  public init(seconds: Int64, nanoseconds: Int32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }

  public func adding(seconds offset: Int64) -> Self { Self(seconds: seconds + offset, nanoseconds: nanoseconds) }
}

extension AWSTimestamp {
  /// `2026-11-20T23:21:32.123Z` and its kin: any number of fractional digits, `Z`, `UTC` or a numeric offset.
  public init?(iso8601 text: some StringProtocol) { self.init(iso8601: Array(text.utf8)[...]) }

  /// Without a string: of each object of a listing.
  init?(iso8601 bytes: ArraySlice<UInt8>) {
    var scanner = DigitScanner(bytes)
    guard let year = scanner.number(digits: 4), scanner.skip("-"), let month = scanner.number(digits: 2),
      scanner.skip("-"), let day = scanner.number(digits: 2), scanner.skip("T") || scanner.skip(" "),
      let hour = scanner.number(digits: 2), scanner.skip(":"), let minute = scanner.number(digits: 2),
      scanner.skip(":"), let second = scanner.number(digits: 2)
    else { return nil }
    let nanoseconds = scanner.skip(".") ? scanner.fraction() : 0
    guard let nanoseconds, let offset = scanner.zone(), scanner.isAtEnd,
      let time = Self(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    else { return nil }
    self.init(seconds: time.seconds - Int64(offset), nanoseconds: Int32(nanoseconds))
  }

  /// `Fri, 20 Nov 2026 23:21:32 GMT`, the form of `Date` and `Last-Modified` (RFC 9110, the fixed form).
  public init?(httpDate text: some StringProtocol) {
    var scanner = DigitScanner(text.utf8.drop { $0 != UInt8(ascii: " ") })
    guard scanner.skip(" "), let day = scanner.number(digits: 2), scanner.skip(" "),
      let month = scanner.oneOf(monthNames), scanner.skip(" "), let year = scanner.number(digits: 4),
      scanner.skip(" "), let hour = scanner.number(digits: 2), scanner.skip(":"),
      let minute = scanner.number(digits: 2), scanner.skip(":"), let second = scanner.number(digits: 2),
      scanner.skip(" GMT"), scanner.isAtEnd,
      let time = Self(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
    else { return nil }
    self = time
  }

  /// `20240524T000000Z`, the form of `X-Amz-Date`.
  package init?(amzDate text: some StringProtocol) {
    var scanner = DigitScanner(text.utf8)
    guard let year = scanner.number(digits: 4), let month = scanner.number(digits: 2),
      let day = scanner.number(digits: 2), scanner.skip("T"), let hour = scanner.number(digits: 2),
      let minute = scanner.number(digits: 2), let second = scanner.number(digits: 2), scanner.skip("Z"),
      scanner.isAtEnd,
      let time = Self(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    else { return nil }
    self = time
  }

  /// `20240524T000000Z`; its first eight characters are the date of the SigV4 scope.
  package var amzDate: String {
    let civil = CivilTime(self)
    return String(decoding: civil.date("") + [UInt8(ascii: "T")] + civil.time("") + [UInt8(ascii: "Z")], as: UTF8.self)
  }

  /// `2026-11-20T23:21:32.123Z`, the form of XML replies.
  package var iso8601: String {
    let civil = CivilTime(self)
    let milliseconds = digits(Int(nanoseconds / 1_000_000), 3)
    let bytes = civil.date("-") + [UInt8(ascii: "T")] + civil.time(":") + [UInt8(ascii: ".")] + milliseconds
    return String(decoding: bytes + [UInt8(ascii: "Z")], as: UTF8.self)
  }

  /// `Fri, 20 Nov 2026 23:21:32 GMT`.
  package var httpDate: String {
    let civil = CivilTime(self)
    let date = "\(dayNames[civil.weekday]), \(String(decoding: digits(civil.day, 2), as: UTF8.self)) "
    let year = String(decoding: digits(civil.year, 4), as: UTF8.self)
    return date + "\(monthNames[civil.month - 1]) \(year) \(String(decoding: civil.time(":"), as: UTF8.self)) GMT"
  }

  private init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
    guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60 else { return nil }
    let days = daysSince1970(year: year, month: month, day: day)
    let next = month == 12 ? (year: year + 1, month: 1) : (year: year, month: month + 1)
    guard days < daysSince1970(year: next.year, month: next.month, day: 1) else { return nil }
    self.init(seconds: Int64(days) * 86_400 + Int64(hour * 3_600 + minute * 60 + second))
  }
}

private let dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
private let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/// What lies before the year 0, by an offset or a wrong clock, has no digits.
private func digits(_ value: Int, _ count: Int) -> [UInt8] {
  var value = max(0, value)
  var text = [UInt8](repeating: UInt8(ascii: "0"), count: count)
  for index in text.indices.reversed() {
    text[index] += UInt8(value % 10)
    value /= 10
  }
  return text
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, by eras of 400 years that begin on 1 March.
private func daysSince1970(year: Int, month: Int, day: Int) -> Int {
  let year = month <= 2 ? year - 1 : year
  let era = (year >= 0 ? year : year - 399) / 400
  let yearOfEra = year - era * 400
  let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
  let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

private struct CivilTime {
  let year: Int
  let month: Int
  let day: Int
  let weekday: Int
  let secondOfDay: Int

  /// The inverse of `daysSince1970`.
  init(_ timestamp: AWSTimestamp) {
    let days = Int(timestamp.seconds >= 0 ? timestamp.seconds / 86_400 : (timestamp.seconds - 86_399) / 86_400)
    secondOfDay = Int(timestamp.seconds) - days * 86_400
    weekday = (days % 7 + 11) % 7
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  func date(_ separator: String) -> [UInt8] {
    digits(year, 4) + separator.utf8 + digits(month, 2) + separator.utf8 + digits(day, 2)
  }

  func time(_ separator: String) -> [UInt8] {
    digits(secondOfDay / 3_600, 2) + separator.utf8 + digits(secondOfDay / 60 % 60, 2) + separator.utf8
      + digits(secondOfDay % 60, 2)
  }
}

/// Reads fixed-width numbers and literals off the front of a text.
private struct DigitScanner {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  init(_ text: some Sequence<UInt8>) { self.init(Array(text)[...]) }

  var isAtEnd: Bool { position == bytes.endIndex }

  mutating func skip(_ literal: StaticString) -> Bool {
    skip(UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  private mutating func skip(_ literal: some Collection<UInt8>) -> Bool {
    guard bytes[position...].starts(with: literal) else { return false }
    position += literal.count
    return true
  }

  mutating func number(digits count: Int) -> Int? {
    guard bytes.endIndex - position >= count else { return nil }
    var value = 0
    for byte in bytes[position..<position + count] {
      guard let digit = digit(byte) else { return nil }
      value = value * 10 + digit
    }
    position += count
    return value
  }

  /// Nanoseconds of the digits after a decimal point; what is finer is cut off.
  mutating func fraction() -> Int? {
    let start = position
    var (value, unit) = (0, 1_000_000_000)
    while position < bytes.endIndex, let digit = digit(bytes[position]) {
      unit /= 10
      value += digit * unit
      position += 1
    }
    return position > start ? value : nil
  }

  /// Seconds east of Greenwich.
  mutating func zone() -> Int? {
    if skip("Z") || skip("UTC") { return 0 }
    let sign = skip("+") ? 1 : skip("-") ? -1 : 0
    guard sign != 0, let hours = number(digits: 2) else { return nil }
    _ = skip(":")
    guard let minutes = number(digits: 2), hours < 24, minutes < 60 else { return nil }
    return sign * (hours * 3_600 + minutes * 60)
  }

  mutating func oneOf(_ names: [String]) -> Int? {
    for (index, name) in names.enumerated() where skip(name.utf8) { return index }
    return nil
  }

  private func digit(_ byte: UInt8) -> Int? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? Int(value) : nil
  }
}

extension AWSTimestamp {
  /// The system's wall clock.
  public static let systemNow: @Sendable () -> AWSTimestamp = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return AWSTimestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
  }
}
