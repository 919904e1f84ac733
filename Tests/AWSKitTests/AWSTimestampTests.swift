import AWSKit
import Testing

@Suite struct AWSTimestampTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0, 0), ("2024-05-24T00:00:00.000Z", 1_716_508_800, 0),
    ("2026-11-20T23:21:32.123456789Z", 1_795_216_892, 123_456_789),
    ("2026-11-20T23:21:32.5Z", 1_795_216_892, 500_000_000),
    ("2026-11-20T23:21:32.1234567891Z", 1_795_216_892, 123_456_789), ("2026-11-21T00:21:32+01:00", 1_795_216_892, 0),
    ("2026-11-20T18:51:32-0430", 1_795_216_892, 0), ("2026-11-20T23:21:32UTC", 1_795_216_892, 0),
    ("2026-11-20 23:21:32Z", 1_795_216_892, 0), ("2000-02-29T12:00:00Z", 951_825_600, 0),
    ("1969-12-31T23:59:59Z", -1, 0), ("1900-03-01T00:00:00Z", -2_203_891_200, 0),
  ])
  func iso8601(text: String, seconds: Int64, nanoseconds: Int32) {
    #expect(AWSTimestamp(iso8601: text) == AWSTimestamp(seconds: seconds, nanoseconds: nanoseconds))
  }

  @Test(arguments: [
    "", "2026", "2026-11-20", "2026-11-20T23:21:32", "2026-13-20T23:21:32Z", "2026-11-20T24:21:32Z",
    "2026-11-20T23:21:32.Z", "2026-11-20T23:21:32Zx", "2026-11-20T23:21:32+1", " 2026-11-20T23:21:32Z",
  ])
  func malformedISO8601(text: String) {
    #expect(AWSTimestamp(iso8601: text) == nil)
  }

  @Test(arguments: ["2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-01T00:00:00+99:99"])
  func impossibleTimes(text: String) {
    #expect(AWSTimestamp(iso8601: text) == nil)
  }

  /// Found by fuzzing: an offset led before the year 0, whose digits then ended the program.
  @Test func yearsThatHaveNoDigits() throws {
    let time = try #require(AWSTimestamp(iso8601: "0000-01-01T00:00:00+23:59"))
    #expect(time.amzDate == "00001231T000100Z")
  }

  @Test func httpDate() {
    let time = AWSTimestamp(seconds: 1_795_216_892)
    #expect(time.httpDate == "Fri, 20 Nov 2026 23:21:32 GMT")
    #expect(AWSTimestamp(httpDate: time.httpDate) == time)
    #expect(AWSTimestamp(httpDate: "20 Nov 2026 23:21:32 GMT") == nil)
    #expect(AWSTimestamp(httpDate: "Fri, 20 Foo 2026 23:21:32 GMT") == nil)
    #expect(AWSTimestamp(httpDate: "") == nil)
  }

  @Test func amzDate() {
    let time = AWSTimestamp(seconds: 1_716_508_800)
    #expect(time.amzDate == "20240524T000000Z")
    #expect(AWSTimestamp(amzDate: "20240524T000000Z") == time)
    #expect(AWSTimestamp(amzDate: "20240524T000000") == nil)
  }

  /// Every day of four centuries, there and back, and the week goes on.
  @Test func daysRoundTrip() throws {
    let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    for day in stride(from: 0, to: 146_097, by: 13) {
      let time = AWSTimestamp(seconds: Int64(day) * 86_400 + 3_723, nanoseconds: 7_000_000)
      #expect(AWSTimestamp(iso8601: time.iso8601) == time)
      #expect(time.httpDate.hasPrefix(names[day % 7]))
    }
  }
}
