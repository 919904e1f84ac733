import Testing

@testable import EventFeed

@Suite struct FeedNamesTests {
  @Test(arguments: [
    ("events", "node", "events"), ("x-[uid]", "host-1a2b", "x-host-1a2b"), ("[uid]", "a.b_c", "a-b_c"),
    ("[uid]_[uid]", "n", "n_n"),
  ])
  func theNodeStandsForItsToken(_ template: String, _ node: String, _ name: String) {
    #expect(FeedNames.problem(withQueue: template) == nil)
    #expect(FeedNames.queue(template, node: node) == name)
  }

  @Test func aLongNodeIsCutWhereNodesDoNotDiffer() {
    let template = String(repeating: "q", count: 70) + "-[uid]"
    let names = ["1a2b", "3c4d"].map { FeedNames.queue(template, node: "container-of-some-service-\($0)") }
    #expect(names.allSatisfy { $0.count == 80 } && names[0] != names[1])
    #expect(names[0].hasSuffix("1a2b"))
  }

  @Test(arguments: [
    "", "queue.fifo", "a b", "ü", "a/b", "[node]", "a[uid", String(repeating: "q", count: 81),
    String(repeating: "q", count: 80) + "[uid]", "[uid]." + String(repeating: "q", count: 10),
  ])
  func badNamesAreRefused(_ template: String) { #expect(FeedNames.problem(withQueue: template) != nil) }

  @Test func eightyCharactersFit() {
    #expect(FeedNames.problem(withQueue: String(repeating: "q", count: 80)) == nil)
    #expect(FeedNames.problem(withQueue: String(repeating: "q", count: 79) + "[uid]") == nil)
  }

  @Test func theTopicIsThatOfTheFleetAndTheRuleThatOfTheNode() {
    let names = ["a", "b"].map { FeedNames(queue: "q-[uid]", node: $0, bucket: "bucket", prefix: "x/") }
    #expect(names[0].topic == names[1].topic && names[0].rule != names[1].rule)
    let other = FeedNames(queue: "q-[uid]", node: "a", bucket: "bucket", prefix: "y/")
    #expect(other.topic != names[0].topic && other.rule != names[0].rule && other.queue == names[0].queue)
    let long = FeedNames(queue: String(repeating: "q", count: 80), node: "a", bucket: "b", prefix: "")
    #expect(long.rule.count == 64)
  }
}
