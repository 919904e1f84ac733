import SyncModel
import Testing

@testable import SyncEngine

@Suite struct DeliveriesTests {
  private let path = RelativePath(unchecked: "file")

  @Test func onlyWhoAskedBeforeTheAttemptIsToldByIt() {
    var deliveries = Deliveries()
    #expect(deliveries.attempt(path, revision: 0) == nil)
    deliveries.add(1, for: path)
    let attempt = deliveries.attempt(path, revision: 0)!
    deliveries.add(2, for: path)
    #expect(deliveries.end(attempt, .inBucket).told == [1])
    deliveries.remove(1, for: path)
    #expect(deliveries.attempt(path, revision: 1)?.waiters == [2])
    deliveries.remove(2, for: path)
    #expect(deliveries.attempt(path, revision: 1) == nil)
  }

  @Test func whatNeverComesToRestIsGivenUp() {
    var deliveries = Deliveries()
    deliveries.add(1, for: path)
    for look in 1...Deliveries.maximumLooks {
      let attempt = deliveries.attempt(path, revision: 0)!
      #expect(deliveries.end(attempt, .unknown).told == (look < Deliveries.maximumLooks ? [] : [1]))
    }
    #expect(deliveries.end(deliveries.attempt(path, revision: 0)!, .notInBucket("why")).reason == "why")
  }

  @Test func aHaltConcernsWhoWaitsForADeletion() {
    var deliveries = Deliveries()
    deliveries.add(1, for: path)
    deliveries.awaitDeletion(deliveries.attempt(path, revision: 0)!)
    deliveries.add(2, for: path)
    deliveries.add(3, for: RelativePath(unchecked: "other"))
    #expect(deliveries.awaitingDeletion == [1])
  }
}
