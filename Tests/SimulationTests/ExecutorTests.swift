import Simulation
import Testing

@Suite struct ExecutorTests {
  @Test func sleepsEndInOrderOfTheirTime() throws {
    let order = Recorder()
    let executor = try simulated { (executor) async throws in
      await withTaskGroup(of: Void.self) { group in
        for seconds in [5, 1, 3, 2, 4] {
          group.addTask {
            try? await executor.sleep(Int64(seconds) * 1_000_000_000)
            order.values.append(seconds)
          }
        }
      }
    }
    #expect(order.values == [1, 2, 3, 4, 5])
    #expect(executor.now == 5_000_000_000)
  }

  @Test func aCancelledSleepEndsAtOnce() throws {
    let executor = try simulated { (executor) async throws in
      await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await executor.sleep(1_000_000_000_000) }
        try? await executor.sleep(1_000_000_000)
        group.cancelAll()
        await #expect(throws: CancellationError.self) { try await group.waitForAll() }
      }
    }
    #expect(executor.now == 1_000_000_000)
  }

  @Test func aSleepOfACancelledTaskDoesNotBegin() throws {
    let executor = try simulated { (executor) async throws in
      await withTaskGroup(of: Void.self) { group in
        group.cancelAll()
        group.addTask {
          await #expect(throws: CancellationError.self) { try await executor.sleep(1_000_000_000) }
        }
      }
    }
    #expect(executor.now == 0)
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func oneSeedIsOneOrder(seed: UInt64) throws {
    func order(_ seed: UInt64) throws -> [Int] {
      let order = Recorder()
      _ = try simulated(seed: seed) { (_) async throws in
        await withTaskGroup(of: Void.self) { group in
          for number in 0..<20 { group.addTask { order.values.append(number) } }
        }
      }
      return order.values
    }
    #expect(try order(seed) == order(seed))
    #expect(try order(seed) != order(seed + 1))
  }
}
