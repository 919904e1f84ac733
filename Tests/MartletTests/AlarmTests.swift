import NIOPosix
import Testing

@testable import Martlet

@Suite(.timeLimit(.minutes(1))) struct AlarmTests {
  /// An hour, longer than any test.
  private static let long: Int64 = 3_600_000_000_000

  @Test func waitsForATime() async {
    let alarm = Alarm(on: MultiThreadedEventLoopGroup.singleton.next())
    let start = ContinuousClock.now
    await alarm.wait(20_000_000)
    #expect(ContinuousClock.now - start >= .milliseconds(20))
    // Nothing is left of it.
    await alarm.wait(1)
  }

  @Test func whatRangBeforeEndsTheNextWaitOnly() async {
    let alarm = Alarm(on: MultiThreadedEventLoopGroup.singleton.next())
    alarm.ring()
    alarm.ring()
    await alarm.wait(Self.long)
    let start = ContinuousClock.now
    await alarm.wait(20_000_000)
    #expect(ContinuousClock.now - start >= .milliseconds(20))
  }

  /// In either order with the wait, again and again.
  @Test func ringing() async {
    let alarm = Alarm(on: MultiThreadedEventLoopGroup.singleton.next())
    for _ in 0..<200 {
      async let waited: Void = alarm.wait(Self.long)
      alarm.ring()
      await waited
    }
  }

  @Test func cancelling() async {
    let alarm = Alarm(on: MultiThreadedEventLoopGroup.singleton.next())
    for _ in 0..<200 {
      let waiting = Task { await alarm.wait(Self.long) }
      waiting.cancel()
      await waiting.value
    }
  }
}
