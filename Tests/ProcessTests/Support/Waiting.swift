import Foundation
import Testing

/// What was waited for did not come about.
struct TimedOut: Error, CustomStringConvertible {
  let description: String
}

/// How many times as long as usual to wait for a program: more than 1 where a sanitizer slows it down.
let patience = ProcessInfo.processInfo.environment["MARTLET_TEST_PATIENCE"].flatMap { Int($0) } ?? 1

/// Asks, every 20 ms at most, until `problem` returns nil, which means that all is well.
///
/// - Throws: `TimedOut` with the last problem when the time is over; what `problem` throws at once.
func eventually(
  _ what: String, within limit: Duration = .seconds(60), every interval: Duration = .milliseconds(20),
  _ problem: () async throws -> String?
) async throws {
  let clock = ContinuousClock()
  let deadline = clock.now + limit * patience
  while true {
    let asked = clock.now
    guard let current = try await problem() else { return }
    guard clock.now < deadline else { throw TimedOut(description: "\(what): not within \(limit): \(current)") }
    // The programs need the machine more than the question does.
    try await clock.sleep(for: max(interval, (clock.now - asked) * 3))
  }
}

/// As above, for conditions that say nothing about themselves.
func eventually(
  _ what: String, within limit: Duration = .seconds(60), every interval: Duration = .milliseconds(20),
  holds condition: () async throws -> Bool
) async throws {
  try await eventually(what, within: limit, every: interval) { try await condition() ? nil : "still not so" }
}

extension Trait where Self == TimeLimitTrait {
  /// Of a test that waits for programs: longer where these are slow.
  static func limit(minutes: Int) -> Self { .timeLimit(.minutes(minutes * patience)) }
}
