import Foundation
import Testing

/// Rules that nobody wants to repeat in a review; see CONTRIBUTING.md.
@Suite struct TidyTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private struct Line {
    var file: String
    var number: Int
    var text: Substring
  }

  private func lines(below folder: String) throws -> [Line] {
    let base = Self.root.appendingPathComponent(folder)
    let files = try #require(FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil))
    var result: [Line] = []
    for case let file as URL in files where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        result.append(Line(file: file.lastPathComponent, number: index + 1, text: line))
      }
    }
    #expect(!result.isEmpty, "no sources below \(folder)")
    return result
  }

  private func offenders(_ folder: String, _ pattern: String) throws -> [String] {
    let expression = try Regex(pattern)
    return try lines(below: folder).filter { line in
      !line.text.drop(while: { $0 == " " }).hasPrefix("//") && line.text.contains(expression)
    }.map { "\($0.file):\($0.number): \($0.text)" }
  }

  /// What escapes the task tree escapes the simulation's executor, and what asks the machine for the time or for
  /// randomness cannot be replayed.
  @Test(arguments: [
    #"\bTask\s*(\.detached)?\s*[({]"#, #"\bDate\("#, #"ContinuousClock|SuspendingClock"#, #"\.random\(in:"#,
    #"SystemRandomNumberGenerator"#, #"Task\.sleep"#,
  ])
  func theEngineIsDeterministic(pattern: String) throws {
    #expect(try offenders("Sources/SyncEngine", pattern) == [])
  }

  @Test func theModelIsPure() throws {
    #expect(try offenders("Sources/SyncModel", #"^\s*(public |package |internal )?import |\basync\b|\bawait\b"#) == [])
  }

  /// Arrows point one way: the engine knows no adapter, and nothing below the composition root knows the root.
  @Test(arguments: [
    ("Sources/SyncEngine", #"import (LocalTree|RemoteTree|BaseStore|AWSKit|Martlet|Foundation|NIO)"#),
    ("Sources/AWSKit", #"import (SyncModel|SyncEngine|LocalTree|RemoteTree|BaseStore|Martlet)"#),
    ("Sources/LocalTree", #"import (RemoteTree|BaseStore|AWSKit|Martlet)"#),
    ("Sources/RemoteTree", #"import (LocalTree|BaseStore|Martlet)"#),
    ("Sources/EventFeed", #"import (LocalTree|RemoteTree|BaseStore|Martlet)"#),
    ("Sources/BaseStore", #"import (LocalTree|RemoteTree|AWSKit|Martlet)"#),
    ("Sources/Martlet", #"import (Commands|EmbeddedS3|Simulation)"#),
  ])
  func arrowsPointOneWay(folder: String, pattern: String) throws {
    #expect(try offenders(folder, pattern) == [])
  }

  @Test(arguments: ["Sources", "Tests"]) func nothingIsLeftUnfinished(folder: String) throws {
    let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"].joined(separator: "|")
    let pattern = #"//\s*("# + words + #")\b|fatalError\("?(unimplemented|not implemented)|\.disa"# + #"bled\("#
    #expect(try offenders(folder, pattern) == [])
  }
}
