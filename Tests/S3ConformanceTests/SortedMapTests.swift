import Testing

@testable import EmbeddedS3

@Suite struct SortedMapTests {
  /// Against a dictionary, over enough keys for many leaves.
  @Test(arguments: [1, 2, 3] as [UInt64]) func agreesWithADictionary(seed: UInt64) {
    var random = Generator(state: seed)
    var map = SortedMap<ObjectKey, Int>()
    var model: [ObjectKey: Int] = [:]
    for step in 0..<6000 {
      let key = ObjectKey(String(UInt64.random(in: 0..<4000, using: &random), radix: 7))
      if Int.random(in: 0..<3, using: &random) == 0 {
        map[key] = nil
        model[key] = nil
      } else {
        map[key] = step
        model[key] = step
      }
    }
    #expect(map.count == model.count)
    #expect(model.allSatisfy { map[$0.key] == $0.value })
    let sorted = model.keys.sorted()
    for start in ["", "3", "4412", "66666666"].map({ ObjectKey($0) }) {
      var found: [ObjectKey] = []
      map.scan(from: start) { key, _ in
        found.append(key)
        return .next
      }
      #expect(found == sorted.filter { $0 >= start })
    }
    for key in sorted { map[key] = nil }
    #expect(map.isEmpty)
  }

  @Test func ascendingKeys() {
    var map = SortedMap<ObjectKey, Int>()
    for number in 10_000..<13_000 { map[ObjectKey(String(number))] = number }
    var found: [Int] = []
    map.scan(from: ObjectKey("11500")) { _, number in
      found.append(number)
      return found.count == 3 ? .seek(ObjectKey("12998")) : .next
    }
    #expect(found == [11500, 11501, 11502, 12998, 12999])
  }

  private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return self.state ^ (self.state >> 29)
    }
  }
}
