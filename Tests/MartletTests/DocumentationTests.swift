import Foundation
import Testing

@testable import Martlet

/// What developers read: it names what is there, and all that is there.
@Suite struct DocumentationTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: repository.appending(path: path), encoding: .utf8)
  }

  private static func files(below path: String, _ suffix: String) throws -> [String] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: repository.appending(path: path).path)
    return names.filter { $0.hasSuffix(suffix) }.map { "\(path)/\($0)" }
  }

  @Test func everyPublicSymbolIsDescribed() throws {
    let files = try Self.files(below: "Sources/Martlet", ".swift")
    #expect(files.count > 30)
    for file in files {
      var previous = ""
      for line in try Self.text(file).split(separator: "\n", omittingEmptySubsequences: false) {
        let words = line.trimmingCharacters(in: .whitespaces)
        if words.hasPrefix("public "), !words.hasPrefix("public import") {
          #expect(previous.hasPrefix("///") || previous.hasPrefix("@"), "\(file): \(words)")
        }
        previous = words
      }
    }
  }

  /// One text: the example's, which is built and run.
  @Test func theReadmeAndTheTutorialHaveTheExamplesLines() throws {
    let lines = try Self.text("Examples/Embed/Sources/Embed/main.swift")
    #expect(lines.split(separator: "\n").count <= 10)
    #expect(try Self.text("README.md").contains("```swift\n\(lines)```\n"))
    let steps = try Self.files(below: "Sources/Martlet/Martlet.docc/Resources", ".swift").sorted()
    #expect(steps.count >= 4)
    #expect(try Self.text(#require(steps.last)) == lines)
    for step in steps {
      var rest = lines.split(separator: "\n")[...]
      for line in try Self.text(step).split(separator: "\n") {
        guard let index = rest.firstIndex(of: line) else {
          Issue.record("\(step): “\(line)” is not in the example, or elsewhere")
          break
        }
        rest = rest[(index + 1)...]
      }
    }
  }
}

/// The options of `martlet sync` and the properties of `Configuration` are the same things.
@Suite struct OptionNameTests {
  /// Where one property stands for several options, or for a flag that says no, or the options form a group.
  private static let otherNames: [String: String] = [
    "no-verify-ssl": "verifiesCertificates", "no-sign-request": "signsRequests",
    "only-up": "directions", "only-down": "directions", "init-sync-up": "mirrorsAtStart",
    "init-sync-down": "mirrorsAtStart", "size-only": "comparison", "exact-timestamps": "comparison",
    "no-overwrite": "comparison", "delete": "deletes", "no-delete": "deletes", "exclude": "filters",
    "include": "filters",
    "follow-symlinks": "symlinks", "no-follow-symlinks": "symlinks", "max-bandwidth": "maxBandwidthUp",
    "dfs": "lease", "dfs-lock-timeout": "lease.timeout", "dfs-lock-wait": "lease.wait",
    "dfs-uid-hostname": "lease.namesHost", "journal-prefix": "journal.prefix",
    "event-queue-cleanup": "eventQueue.cleansUp",
    "event-route": "eventQueue.route", "cf-dist-id": "cloudFront.distribution", "cf-inval-paths": "cloudFront.paths",
    "cf-inval-always": "cloudFront.always", "sse-c": "objects.sseCKey",
    "sse-c-copy-source": "objects.sseCCopySourceKey", "no-guess-mime-type": "objects.guessesContentType",
    "checksum-mode": "objects.asksForChecksums", "force-glacier-transfer": "objects.forcesGlacierTransfer",
    "ignore-glacier-warnings": "objects.ignoresGlacierWarnings",
  ]

  /// Of the program: what it prints, and when it gives up.
  private static let ofTheProgram: Set = [
    "quiet", "only-show-errors", "no-progress", "progress-frequency", "progress-multiline", "debug", "log-format",
    "log-level", "max-failures",
  ]

  private static let groups: Set = ["objects", "lease", "journal", "cloudFront", "eventQueue"]

  private static let properties: [String: String] = {
    var configuration = Configuration(root: "", location: "")
    configuration.lease = .init()
    configuration.journal = .init()
    configuration.cloudFront = .init(distribution: "")
    configuration.eventQueue = .init(name: "")
    var names: [String: String] = [:]
    func add(_ value: Any, _ prefix: String) {
      for case (let name?, let child) in Mirror(reflecting: value).children {
        names[(prefix + name).lowercased()] = prefix + name
        let inner = Mirror(reflecting: child)
        guard prefix.isEmpty, groups.contains(name) else { continue }
        add(inner.displayStyle == .optional ? inner.children.first!.value : child, name + ".")
      }
    }
    add(configuration, "")
    return names
  }()

  private static func options() throws -> Set<String> {
    let page = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/options.md"), encoding: .utf8)
    let section = try #require(page.split(separator: "## martlet sync").last?.split(separator: "\n### ").first)
    var options: Set<String> = []
    for row in section.split(separator: "\n") where row.hasPrefix("| `--") {
      let cell = row.split(separator: "|")[0].replacing("[no-]", with: "")
      for match in cell.matches(of: /`--([a-z0-9-]+)`/) { options.insert(String(match.1)) }
    }
    return options
  }

  @Test func everyOptionIsAProperty() throws {
    let options = try Self.options()
    #expect(options.count > 60)
    for option in options.subtracting(Self.ofTheProgram).sorted() {
      let plain = option.replacing("-", with: "")
      let found = [Self.otherNames[option], plain, "objects." + plain].compactMap { $0?.lowercased() }
        .first { Self.properties[$0] != nil }
      #expect(found != nil, "--\(option) is no property")
    }
    // Nothing is left here of options that are gone.
    #expect(Set(Self.otherNames.keys).subtracting(options).isSubset(of: ["no-delete"]))
    #expect(Self.ofTheProgram.isSubset(of: options))
  }

  /// What the library alone can say is little, and known here.
  @Test func everyPropertyIsAnOption() throws {
    let options = Set(try Self.options().map { $0.replacing("-", with: "") })
    let named = Set(Self.otherNames.values.map { $0.lowercased() })
    let ofTheLibrary: Set = [
      "root", "location", "objects", "checksatstart", "asksatfirstcontact", "uploadfilters", "downloadfilters",
      "lease.endsafterwait", "eventqueue.name", "cloudfront", "objects.requestpayer",
      // Of mobius3.
      "prefixistext", "addressing", "credentials", "forcesipv4", "excludedlocally", "excludedremotely",
      "leavesexistingfiles", "localpersistence", "startupmetric",
    ]
    for property in Self.properties.keys.sorted() {
      #expect(
        options.contains(property.replacing("objects.", with: "")) || named.contains(property)
          || ofTheLibrary.contains(property), "\(property)")
    }
  }
}
