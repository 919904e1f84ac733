import SyncEngine
import SyncModel
import Testing

@testable import Martlet

@Suite struct SyncEventsTests {
  private struct Unheard: SyncObserver {
    func record(_ event: EngineEvent) {}
  }

  private let hub = EventHub(next: Unheard())

  private func upload(_ number: Int) { hub.record(.committed(RelativePath(unchecked: "\(number)"), .uploaded)) }

  @Test func everyConsumerGetsWhatHappensFromThenOn() async {
    upload(1)
    let first = hub.events()
    upload(2)
    let second = hub.events()
    hub.record(.renamed(from: RelativePath(unchecked: "a"), to: RelativePath(unchecked: "b")))
    hub.record(.conflict(RelativePath(unchecked: "c"), keptAs: RelativePath(unchecked: "c (conflict)")))
    // None of them.
    hub.record(.passStarted(isFull: true))
    hub.record(.committed(RelativePath(unchecked: "b"), .renamedRemote))
    hub.finish()
    let told: [SyncEvent] = [.renamed(from: "a", to: "b"), .conflict(path: "c", keptAs: "c (conflict)")]
    #expect(await first.reduce(into: []) { $0.append($1) } == [.uploaded(path: "2")] + told)
    #expect(await second.reduce(into: []) { $0.append($1) } == told)
  }

  /// The engine never waits, and memory has a limit.
  @Test func whoDoesNotKeepUpIsToldHowMuchWasLost() async {
    let events = hub.events()
    for number in 0..<(SyncEvents.capacity + 10) { upload(number) }
    var iterator = events.makeAsyncIterator()
    #expect(await iterator.next() == .dropped(count: 10))
    #expect(await iterator.next() == .uploaded(path: "10"))
    for number in 0..<3 { upload(number) }
    #expect(await iterator.next() == .dropped(count: 2))
    hub.finish()
    var count = 0
    var last: SyncEvent?
    while let event = await iterator.next() { (count, last) = (count + 1, event) }
    #expect(count == SyncEvents.capacity && last == .uploaded(path: "2"))
  }

  @Test func whoGoesAwayIsForgotten() async {
    var kept: SyncEvents? = hub.events()
    #expect(hub.consumerCount == 1 && kept != nil)
    kept = nil
    #expect(hub.consumerCount == 0)
    let events = hub.events()
    let reading = Task { for await _ in events {} }
    reading.cancel()
    await reading.value
    #expect(hub.consumerCount == 0)
    hub.finish()
    #expect(await hub.events().first { _ in true } == nil)
  }
}
