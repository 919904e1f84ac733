import Testing

@testable import SyncEngine

@Suite struct MemoryBudgetTests {
  @Test func neverHandsOutMoreThanThereIs() async {
    let budget = MemoryBudget(capacity: 10)
    let ledger = Ledger()
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        let bytes = Int64(1 + number % 10)
        group.addTask {
          await budget.acquire(bytes)
          await ledger.add(bytes)
          await Task.yield()
          await ledger.add(-bytes)
          await budget.release(bytes)
        }
      }
    }
    #expect(await ledger.highest <= 10)
    #expect(await ledger.highest > 0)
    #expect(await ledger.now == 0)
  }

  private actor Ledger {
    private(set) var now: Int64 = 0
    private(set) var highest: Int64 = 0

    func add(_ bytes: Int64) {
      now += bytes
      highest = max(highest, now)
    }
  }
}
