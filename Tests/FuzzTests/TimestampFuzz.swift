import AWSKit
import Foundation
import Testing

extension FuzzTests {
  /// Whatever is read can be written, and reads back as the same time.
  @Test func timestamps() throws {
    let fuzzer = Fuzzer(
      target: "timestamps",
      regressions: ["0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-29T00:00:00Z"],
      seeds: [
        "2026-11-20T23:21:32.123456789Z", "2026-11-20 23:21:32+01:00", "1969-12-31T23:59:59UTC",
        "Fri, 20 Nov 2026 23:21:32 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "20240524T000000Z",
      ],
      tokens: [
        "T", "Z", "GMT", "UTC", "+99:99", "-2359", "0000-01-01", "9999-12-31", "02-29", "02-30", "23:59:60", ".",
      ])
    try fuzzer.run { input in
      let text = String(decoding: input, as: UTF8.self)
      for time in [AWSTimestamp(iso8601: text), AWSTimestamp(httpDate: text), AWSTimestamp(amzDate: text)] {
        guard let time else { continue }
        try require((0..<1_000_000_000).contains(time.nanoseconds), "nanoseconds \(time.nanoseconds)")
        let texts = (time.httpDate, time.amzDate, time.iso8601)
        // Beyond those years an offset leads; written they have no form.
        guard (-62_167_219_200..<253_402_300_800).contains(time.seconds) else { continue }
        try require(AWSTimestamp(httpDate: texts.0)?.seconds == time.seconds, "\(texts.0) reads back as another time")
        try require(AWSTimestamp(amzDate: texts.1)?.seconds == time.seconds, "\(texts.1) reads back as another time")
        try require(AWSTimestamp(iso8601: texts.2)?.seconds == time.seconds, "\(texts.2) reads back as another time")
      }
    }
  }

  /// Against the C library's calendar.
  @Test func timestampsAsTheSystemWritesThem() {
    var random = SeededRandom(1)
    for _ in 0..<2_000 {
      let seconds = Int64.random(in: -62_167_219_200..<253_402_300_800, using: &random)
      var time = time_t(seconds)
      var fields = tm()
      gmtime_r(&time, &fields)
      let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
      let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
      func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
      let year = String(String(10_000 + Int(fields.tm_year) + 1_900).dropFirst())
      let clock = "\(two(fields.tm_hour)):\(two(fields.tm_min)):\(two(fields.tm_sec))"
      let expected =
        "\(days[Int(fields.tm_wday)]), \(two(fields.tm_mday)) \(months[Int(fields.tm_mon)]) \(year) \(clock) GMT"
      #expect(AWSTimestamp(seconds: seconds).httpDate == expected)
      #expect(AWSTimestamp(httpDate: expected)?.seconds == seconds)
    }
  }
}
