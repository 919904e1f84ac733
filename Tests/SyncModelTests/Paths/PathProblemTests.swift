import Testing

@testable import SyncModel

@Suite struct PathProblemTests {
  /// Reports put the name in front.
  @Test(
    arguments: [
      (PathProblem.empty, "no name"), (.absolute, "“/”"), (.emptyComponent, "“//”"), (.dotComponent, "“..”"),
      (.nulByte, "NUL"), (.componentTooLong(bytes: 300), "300 bytes"), (.keyTooLong(bytes: 2000), "2000 bytes"),
      (.notUTF8, "UTF-8"), (.reserved(".martlet"), "“.martlet”"), (.outsidePrefix, "prefix"),
    ] as [(PathProblem, String)])
  func `every problem says what is wrong`(_ problem: PathProblem, _ part: String) {
    #expect(problem.explanation.contains(part))
  }
}
