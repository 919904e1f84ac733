import AWSKit
import Logging
import NIOConcurrencyHelpers
import SyncEngine
import SyncModel
import Testing

@testable import EventFeed

/// When the feed counts as live, and when no more. Time passes only while somebody waits.
@Suite struct EventFeedTests {
  // MARK: What is heard, told and done

  private enum Happening: Hashable, Sendable {
    case connected
    /// The queue was left to the other node that reads it.
    case refused
    case canary
    case hint([String])
    case live(Bool)
    case deleted(Int)
    case disconnected
  }

  /// A clock, a queue and an engine in one. Each wait for messages takes its 20 s and is answered from the script.
  private final class World: EngineEnvironment, EventSource, RemoteHintSink {
    typealias Answer = @Sendable (_ now: Int64, _ canary: String) throws -> [String]

    private struct State {
      var now: Int64 = 0
      var happenings: [Happening] = []
      var canaries = 0
      var onReceive: @Sendable (_ now: Int64) -> Void = { _ in }
      var onSleep: @Sendable (_ now: Int64) -> Void = { _ in }
      var secondsPerRequest = 0
      var formerReader: String?
      var otherReader: String?
      /// Requests for messages under way, and most of them at once.
      var receiving = (now: 0, most: 0)
    }

    private let state = NIOLockedValueBox(State())
    private let end: Int64
    private let answer: Answer

    /// - Parameters:
    ///   - seconds: after which nothing happens any more.
    ///   - answer: the messages that are there at this second, given the ETag of the last canary.
    init(seconds: Int64, _ answer: @escaping Answer) {
      end = seconds
      self.answer = answer
    }

    /// Called when a wait for messages is over.
    var onReceive: @Sendable (_ now: Int64) -> Void {
      get { state.withLockedValue(\.onReceive) }
      set { state.withLockedValue { $0.onReceive = newValue } }
    }

    /// Called when a pause is over.
    var onSleep: @Sendable (_ now: Int64) -> Void {
      get { state.withLockedValue(\.onSleep) }
      set { state.withLockedValue { $0.onSleep = newValue } }
    }

    /// For messages, at least.
    var secondsPerRequest: Int {
      get { state.withLockedValue(\.secondsPerRequest) }
      set { state.withLockedValue { $0.secondsPerRequest = newValue } }
    }

    /// Whom the queue's tag names before, and from some time on.
    func reads(before former: String? = nil, after other: String? = nil) {
      state.withLockedValue { ($0.formerReader, $0.otherReader) = (former, other) }
    }

    var mostReceivers: Int { state.withLockedValue(\.receiving.most) }

    var happenings: [Happening] { state.withLockedValue(\.happenings) }

    private func note(_ happening: Happening) { state.withLockedValue { $0.happenings.append(happening) } }

    func wallTime() -> Timestamp { Timestamp(nanoseconds: uptime()) }
    func uptime() -> Int64 { state.withLockedValue { $0.now * 1_000_000_000 } }
    func random() -> UInt64 { 500 }

    func sleep(for duration: Duration) async throws {
      state.withLockedValue { $0.now += duration.components.seconds }
      onSleep(state.withLockedValue(\.now))
      try endAtTheEnd()
    }

    private func endAtTheEnd() throws {
      if state.withLockedValue(\.now) >= end {
        withUnsafeCurrentTask { $0?.cancel() }
        // They hold the world, or the feed that does.
        (onReceive, onSleep) = ({ _ in }, { _ in })
      }
      try Task.checkCancellation()
    }

    func connect(displacing: Bool) async throws -> EventConnection {
      if !displacing, let other = state.withLockedValue(\.otherReader) {
        note(.refused)
        throw EventFeedError.shared("q", with: other)
      }
      note(.connected)
      return EventConnection(queue: "url", route: .sns, formerReader: state.withLockedValue(\.formerReader))
    }

    func otherReader(of queue: String) async throws -> String? { state.withLockedValue(\.otherReader) }

    func receive(from queue: String, wait: Int) async throws -> [SQSClient.Message] {
      let (now, canary) = state.withLockedValue { state in
        state.now += Int64(max(wait, state.secondsPerRequest))
        state.receiving.now += 1
        state.receiving.most = max(state.receiving.most, state.receiving.now)
        return (state.now, "canary-\(state.canaries)")
      }
      // Others begin theirs.
      if wait == 0 { for _ in 0..<10 { await Task.yield() } }
      state.withLockedValue { $0.receiving.now -= 1 }
      try endAtTheEnd()
      onReceive(now)
      return try answer(now, canary).map { SQSClient.Message(body: $0, receipt: "r") }
    }

    func delete(_ messages: [SQSClient.Message], from queue: String) async throws { note(.deleted(messages.count)) }

    func sendCanary() async throws -> (key: String, etag: String?) {
      note(.canary)
      let number = state.withLockedValue { state in
        state.canaries += 1
        return state.canaries
      }
      return ("x/.martlet/canary/n", "canary-\(number)")
    }

    func disconnect(_ route: EventRoute?) async -> [String] {
      note(.disconnected)
      return []
    }

    func hint(remote paths: [RelativePath]) async { note(.hint(paths.map(\.string))) }
    func feedChanged(isLive: Bool) async { note(.live(isLive)) }
    func lookAtBucket() async {}
  }

  private static func record(_ key: String, etag: String = "e", name: String = "ObjectCreated:Put") -> String {
    "{\"Records\":[{\"eventName\":\"\(name)\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"\(key)\","
      + "\"eTag\":\"\(etag)\"}}}]}"
  }

  private static func canary(_ etag: String) -> String { record("x/.martlet/canary/n", etag: etag) }

  private func feed(_ world: World, canWrite: Bool = true) -> EventFeed {
    var options = EventFeed.Options()
    options.canWrite = canWrite
    return EventFeed(
      location: S3Location(bucket: "b", prefix: "x"),
      names: FeedNames(queue: "q", node: "n", bucket: "b", prefix: "x/"), route: .auto, options: options,
      environment: world, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) { world }
  }

  /// What happens until the end.
  private func run(
    seconds: Int64, canWrite: Bool = true, _ answer: @escaping World.Answer
  ) async -> (happenings: [Happening], report: FeedReport) {
    let world = World(seconds: seconds, answer)
    let feed = feed(world, canWrite: canWrite)
    await Task { await feed.run(world) }.value
    return (world.happenings, feed.report)
  }

  // MARK: Proof

  @Test func aCanaryThatReturnsProvesTheFeed() async {
    let (happenings, report) = await run(seconds: 100) { now, canary in
      now == 40 ? [Self.canary(canary)] : []
    }
    #expect(happenings == [.connected, .canary, .live(true), .deleted(1), .live(false)])
    #expect(report.state == .live && report.route == .sns && report.ignored == 1)
  }

  @Test(arguments: ["canary-0", "other"]) func anotherCanaryProvesNothing(_ etag: String) async {
    let (happenings, report) = await run(seconds: 100) { now, _ in now == 40 ? [Self.canary(etag)] : [] }
    #expect(happenings == [.connected, .canary, .deleted(1), .live(false)])
    #expect(report.state == .listening)
  }

  @Test func whereNoneReturnsEverythingIsMadeAnew() async {
    let (happenings, report) = await run(seconds: 400) { _, _ in [] }
    #expect(happenings.count { $0 == .connected } >= 2 && happenings.count { $0 == .canary } >= 2)
    #expect(!happenings.contains(.live(true)))
    #expect(report.problem?.contains("to see whether they do") == true)
  }

  /// Ten minutes after the last event, unless it was asked before: then nothing came of that one.
  @Test func aSilentFeedIsAskedAgain() async {
    let (happenings, _) = await run(seconds: 1500) { now, canary in
      now == 20 || canary == "canary-2" && now < 700 ? [Self.canary(canary)] : []
    }
    let telling = happenings.filter { if case .deleted = $0 { false } else { true } }
    #expect(
      telling.prefix(7) == [.connected, .canary, .live(true), .canary, .canary, .live(false), .connected])
  }

  @Test func whoeverMayNotWriteIsNeverLive() async {
    let (happenings, report) = await run(seconds: 1000, canWrite: false) { now, _ in
      now == 40 ? [Self.record("x/a"), Self.canary("canary-1")] : []
    }
    #expect(happenings == [.connected, .hint(["a"]), .deleted(2), .live(false)])
    #expect(report.state == .listening && report.taken == 1)
  }

  // MARK: Hints

  @Test func eventsBecomeHintsBeforeTheirMessagesAreDeleted() async {
    let (happenings, report) = await run(seconds: 60) { now, _ in
      guard now == 20 else { return [] }
      return [
        Self.record("x/d/e/f", name: "ObjectRemoved:Delete"), Self.record("x/a+b"), Self.record("x/a+b"),
        Self.record("outside"), Self.record("x/.martlet/aside/y"), "nonsense",
        Self.record("x/t", name: "ObjectTagging:Put"), Self.record("x/../up"),
      ]
    }
    #expect(
      happenings == [.connected, .canary, .hint(["a b", "d/", "d/e/", "d/e/f"]), .deleted(8), .live(false)])
    #expect(report.taken == 3 && report.ignored == 4 && report.unknown == 1)
  }

  @Test func eventsOfAnotherBucketAreNoneOfOurs() async {
    let (happenings, _) = await run(seconds: 60) { now, _ in
      now == 20 ? [Self.record("x/a").replacing("\"name\":\"b\"", with: "\"name\":\"c\"")] : []
    }
    #expect(happenings == [.connected, .canary, .deleted(1), .live(false)])
  }

  @Test func anEchoIsNoHint() async {
    let world = World(seconds: 80) { now, _ in now == 40 || now == 60 ? [Self.record("x/a")] : [] }
    let feed = feed(world)
    world.onReceive = { now in
      if now == 20 {
        feed.wrote(
          RelativePath(unchecked: "a"), RemoteStamp(etag: "e", size: 1, lastModified: Timestamp(nanoseconds: 0)))
      }
    }
    await Task { await feed.run(world) }.value
    #expect(world.happenings == [.connected, .canary, .deleted(1), .hint(["a"]), .deleted(1), .live(false)])
  }

  @Test func aFeedThatTellsNothingOfOurWritesIsDead() async {
    let world = World(seconds: 300) { _, canary in canary == "canary-1" ? [Self.canary(canary)] : [] }
    let feed = feed(world)
    world.onReceive = { now in
      if now == 40 {
        feed.wrote(
          RelativePath(unchecked: "a"), RemoteStamp(etag: "e", size: 1, lastModified: Timestamp(nanoseconds: 0)))
      }
    }
    await Task { await feed.run(world) }.value
    #expect(world.happenings.count { $0 == .live(true) } == 1)
    #expect(world.happenings.contains(.live(false)) && world.happenings.count { $0 == .connected } == 2)
  }

  // MARK: What piles up

  /// The event of what was written is there, behind so many others that it takes minutes to get to it.
  @Test func aFeedThatIsLateIsNotDead() async {
    let others = NIOLockedValueBox(400)
    let world = World(seconds: 400) { now, canary in
      guard now > 40 else { return now == 20 ? [Self.canary(canary)] : [] }
      let left = others.withLockedValue { left in
        left -= 10
        return left
      }
      if left >= 0 { return (0..<10).map { Self.record("x/\(left + $0)") } }
      return left == -10 ? [Self.record("x/a")] : []
    }
    world.secondsPerRequest = 5
    let feed = feed(world)
    world.onReceive = { now in
      if now == 40 {
        feed.wrote(
          RelativePath(unchecked: "a"), RemoteStamp(etag: "e", size: 1, lastModified: Timestamp(nanoseconds: 0)))
      }
    }
    await Task { await feed.run(world) }.value
    #expect(
      world.happenings.filter { [.connected, .live(true), .live(false)].contains($0) } == [
        .connected, .live(true), .live(false),
      ])
    #expect(feed.report.state == .live && feed.report.taken == 400 && feed.report.ignored == 2)
    #expect((2...8).contains(world.mostReceivers))
  }

  // MARK: A queue that two nodes read

  @Test func whoseQueueIsTakenOverPollsAndSaysSo() async {
    let world = World(seconds: 2000) { _, canary in [Self.canary(canary)] }
    let feed = feed(world)
    world.onReceive = { now in if now == 100 { world.reads(after: "other") } }
    await Task { await feed.run(world) }.value
    let telling = world.happenings.filter { if case .deleted = $0 { false } else { true } }
    #expect(telling.prefix(5) == [.connected, .canary, .live(true), .live(false), .refused])
    #expect(telling.count { $0 == .connected } == 1)
    #expect(feed.report.state == .failing && feed.report.problem?.contains("read by the node other as well") == true)
    #expect(await feed.cleanUp()?.contains("is left to the other node") == true)
    #expect(!world.happenings.contains(.disconnected))
  }

  /// As when the other one has ended and its queue with it.
  @Test func aQueueThatIsGivenBackIsReadAgain() async {
    let world = World(seconds: 2000) { _, canary in [Self.canary(canary)] }
    let feed = feed(world)
    world.onReceive = { now in if now == 100 { world.reads(after: "other") } }
    world.onSleep = { now in if now > 1000 { world.reads() } }
    await Task { await feed.run(world) }.value
    #expect(world.happenings.contains(.refused) && world.happenings.count { $0 == .live(true) } == 2)
    #expect(await feed.cleanUp() == nil)
  }

  /// What the former reader takes away is missed: polling goes on until it has noticed.
  @Test func whoTakesAQueueOverPollsForAWhile() async {
    let world = World(seconds: 1000) { _, canary in [Self.canary(canary)] }
    world.reads(before: "former")
    let sent = NIOLockedValueBox<Int64>(0)
    let feed = feed(world)
    world.onReceive = { now in
      if world.happenings.contains(.canary) { sent.withLockedValue { $0 = $0 == 0 ? now : $0 } }
    }
    await Task { await feed.run(world) }.value
    #expect(sent.withLockedValue { $0 } > 320 && feed.report.state == .live)
  }

  // MARK: Failures

  @Test func aQueueThatVanishesEndsTheFeedUntilItIsThereAgain() async {
    let (happenings, report) = await run(seconds: 200) { now, canary in
      if now == 40 {
        throw AWSServiceError(.rejected, code: "QueueDoesNotExist", status: 400, message: "gone")
      }
      return [Self.canary(canary)]
    }
    #expect(
      happenings.filter { if case .deleted = $0 { false } else { true } } == [
        .connected, .canary, .live(true), .live(false), .connected, .canary, .live(true), .live(false),
      ])
    #expect(report.state == .live && report.problem == nil)
  }

  /// What is in the queue stays there.
  @Test(arguments: [(1, true), (3, false)]) func aQueueThatDoesNotAnswerForAMomentIsAskedAgain(
    _ failures: Int64, _ goesOn: Bool
  ) async {
    let world = World(seconds: 300) { now, canary in
      if now > 40, now <= 40 + failures * 21 {
        throw AWSServiceError(.connectionLost, message: "closed", operation: "sqs:ReceiveMessage q")
      }
      return [Self.canary(canary)]
    }
    await Task { await feed(world).run(world) }.value
    #expect(world.happenings.count { $0 == .connected } == (goesOn ? 1 : 2))
    #expect(world.happenings.count { $0 == .live(false) } == (goesOn ? 1 : 2))
  }

  @Test func pausesBetweenFailuresGrow() async {
    let (happenings, report) = await run(seconds: 1000) { _, _ in
      throw AWSServiceError(.accessDenied, message: "not allowed", operation: "sqs:ReceiveMessage q")
    }
    #expect((4..<15).contains(happenings.count { $0 == .connected }))
    #expect(report.state == .failing && report.problem?.hasPrefix("sqs:ReceiveMessage q: not allowed") == true)
  }

  @Test func whatWasMadeIsTakenAway() async {
    let world = World(seconds: 10) { _, _ in [] }
    #expect(await feed(world).cleanUp() == nil)
    #expect(world.happenings == [.disconnected])
  }
}
