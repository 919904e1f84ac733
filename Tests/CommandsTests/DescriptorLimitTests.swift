import Testing

@testable import Commands

@Suite struct DescriptorLimitTests {
  @Test func `Too few descriptors are named with what to do`() throws {
    #expect(DescriptorLimit.problem(DescriptorLimit.minimum) == nil)
    let problem = try #require(DescriptorLimit.problem(DescriptorLimit.minimum - 1))
    #expect(problem.contains("at least \(DescriptorLimit.minimum)") && problem.contains("ulimit -n"))
  }
}
