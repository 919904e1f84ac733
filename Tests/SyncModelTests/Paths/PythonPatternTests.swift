import Foundation
import Testing

@testable import SyncModel

@Suite struct PythonPatternTests {
  /// Patterns with texts; what Python says about them is asked in one run of it.
  static let table: [(String, [String])] = [
    ("", ["", "a"]), ("a", ["a", "ba", "ab", "A"]), ("a|bc", ["a", "bc", "b", "c"]),
    ("^$", ["", "a", "\n"]), ("a$", ["a", "a\n", "a\n\n", "ab"]), ("a\\Z", ["a", "a\n"]), ("\\Aa", ["a", "ba"]),
    (".*\\.tmp$", ["x.tmp", "d/x.tmp", "x.tmp2", "x\n.tmp"]), ("(?s).*\\.tmp", ["x\n.tmp"]),
    ("(?m)a$\\nb", ["a\nb", "a"]), ("(?m)a\\n^b", ["a\nb", "ab"]), ("a\\n^b", ["a\nb"]),
    ("/home/mobius3/data/(?!keep/).*", ["/home/mobius3/data/keep/a", "/home/mobius3/data/kept"]),
    (".*/\\.(?:git|svn)(?:/.*)?$", ["/d/.git", "/d/.git/HEAD", "/d/.github", "/d/a/.svn/x"]),
    ("(?=ab)a", ["ab", "ac"]), ("(?:a(?=b)|b)*$", ["ab", "aab", "ba", "abb"]), ("(?!a)[a-c]", ["a", "b", "d"]),
    ("[abc-]x", ["-x", "cx", "dx"]), ("[]a]", ["]", "a", "b"]), ("[^]a]", ["]", "b", "\n"]), ("[a\\]]", ["]"]),
    ("[\\w.-]+@", ["a.b-c@", "@", "é@"]), ("[\\d-x]", ["5", "-", "x", "a"]), ("[+--]", ["+", ",", "-", "."]),
    ("\\d+", ["12", "٣", "²", "x"]), ("(?a)\\d", ["1", "٣"]), ("\\w+$", ["aé_1", "½", "a-b", "中", "ⅷ"]),
    ("(?a)\\w+$", ["a_1", "é"]), ("\\W", ["-", "a", "é", " "]), ("\\s", [" ", "\u{1C}", "\u{A0}", "\u{200B}", "a"]),
    ("(?a)\\s", ["\u{1C}", "\u{B}"]), ("\\S\\D", ["ab", "a1"]), ("\\bfoo\\b", ["foo", "foo.", "foob"]),
    ("a\\Bb", ["ab", "a"]), (".\\b.", ["a-", "ab"]), ("\\b", ["", "a", "-"]), ("\\B", ["", "a", "-"]),
    ("a{2}", ["a", "aa", "aaa"]), ("a{2,3}$", ["a", "aa", "aaa", "aaaa"]), ("a{,2}$", ["", "aa", "aaa"]),
    ("a{2,}$", ["a", "aaaa"]), ("a{,}$", ["", "aaa"]), ("a{}", ["a{}", "a"]), ("a{x}", ["a{x}"]), ("a{2", ["a{2"]),
    ("a{2,x}", ["a{2,x}"]), ("{", ["{"]), ("{a}", ["{a}"]), ("a{ 2}", ["a{ 2}"]), ("a{1}{", ["a{"]),
    ("a+?b*?c??$", ["abc", "aab", "c"]), ("(a*)*b", ["aab", "b", "aaac"]), ("(?:){2}x", ["x"]), ("(|a)+$", ["aa"]),
    ("(?P<name>a)b", ["ab"]), ("(?#comment)a", ["a"]), ("(?i)straße", ["STRASSE", "STRAßE", "Straße"]),
    ("(?i)k", ["K", "\u{212A}"]), ("(?i)s", ["\u{17F}", "S"]), ("(?i)[^a]", ["A", "b"]),
    ("(?i)[A-Z]", ["q", "ſ", "_"]),
    ("(?i)é", ["É"]), ("(?i)σ", ["ς", "Σ"]), ("(?i)µ", ["μ", "Μ"]), ("(?ai)é", ["É"]), ("(?i)[\\]-a]", ["A", "_"]),
    ("a(?i:b)c", ["aBc", "aBC"]), ("(?i)a(?-i:b)c", ["ABc", "AbC"]), ("(?i:a|b)c", ["Bc", "BC"]),
    ("(?s:.)a.", ["\na\n", "\nab"]), ("(?i)(?s)A.", ["a\n"]), ("(?i-s:a.)", ["Ab"]),
    ("\\x41\\u00e9\\U0001F600", ["Aé😀"]), ("\\0a\\012\\101\\377", ["\0a\nAÿ"]),
    ("[\\b]\\a\\f\\v\\t\\r\\\\", ["\u{8}\u{7}\u{C}\u{B}\t\r\\"]),
    ("\\-\\/\\ \\é", ["-/ é"]), ("[\\101-\\103]", ["B", "D"]), ("e\u{301}", ["e\u{301}", "é"]), (".", ["e\u{301}"]),
    // What is an error in Python.
    ("(", [""]), (")", [""]), ("a)", [""]), ("[", [""]), ("[]", [""]), ("[b-a]", [""]), ("[\\d-\\w]", [""]),
    ("[a-\\d]", [""]),
    ("*", [""]), ("a|*", [""]), ("(+)", [""]), ("^*", [""]), ("a**", [""]), ("a{2}{3}", [""]), ("a*{2}", [""]),
    ("{2}", [""]),
    ("a{3,2}", [""]), ("\\", [""]), ("\\q", [""]), ("[\\q]", [""]), ("\\x4", [""]), ("\\u12", [""]), ("\\400", [""]),
    ("[\\8]", [""]),
    ("(?", [""]), ("(?i", [""]), ("(?z)", [""]), ("(?P<1>a)", [""]), ("(?P<a", [""]), ("(?P!a)", [""]), ("(?#", [""]),
    ("a(?i)", [""]), ("(?-i)a", [""]), ("(?i-:a)", [""]), ("\\b+", [""]), ("(?L)a", [""]), ("(?au)a", [""]),
    ("(?i)*", [""]),
  ]

  static let refused: [(String, String)] = [
    ("ab(?<=a)", "a lookbehind (?<=…) or (?<!…), which is not supported, at position 2"),
    ("(?<!a)", "a lookbehind (?<=…) or (?<!…), which is not supported, at position 0"),
    ("(a)\\1", "a backreference \\1, which is not supported, at position 3"),
    ("(?P<x>a)(?P=x)", "a backreference (?P=…), which is not supported, at position 8"),
    ("(a)?(?(1)b|c)", "a conditional (?(…)…), which is not supported, at position 4"),
    ("(?>a)", "an atomic group (?>…), which is not supported, at position 0"),
    ("a++", "a possessive quantifier, which is not supported, at position 1"),
    ("(?x) a", "the flag x (verbose), which is not supported, at position 2"),
    ("é\\N{DIGIT ONE}", "a character by its name \\N{…}, which is not supported, at position 1"),
    ("a{1001}", "a repetition of more than 1000 times, which is not supported, at position 1"),
    ("(a{1000}){1000}", "more repetitions than are supported, at position 0"),
    ("[a", "a [ without its ] at position 0"),
  ]

  @Test(arguments: refused) func `what is not understood is refused by name and position`(
    _ pattern: String, _ text: String
  ) {
    let problem = #expect(throws: PythonPattern.Problem.self) { try PythonPattern(parsing: pattern) }
    #expect(problem?.description == text)
  }

  /// The table, and random patterns with random texts, in one run of Python: what it matches is matched here, and what
  /// it refuses is refused.
  @Test func `python's re says the same`() throws {
    var generator = SeededRandom(3)
    var cases = Self.table
    for _ in 0..<4000 {
      let pattern = Self.random(&generator, depth: 3)
      cases.append((pattern, (0..<6).map { _ in Self.randomText(&generator) }))
    }
    let verdicts = try Self.askPython(cases)
    try #require(verdicts.count == cases.count)
    var differences: [String] = []
    var matches = 0
    for ((pattern, texts), verdict) in zip(cases, verdicts) {
      guard let parsed = try? PythonPattern(parsing: pattern) else {
        if verdict != "error" { differences.append("\(pattern.debugDescription) is refused") }
        continue
      }
      if verdict == "error" { differences.append("\(pattern.debugDescription) is an error in Python") }
      for (text, said) in zip(texts, verdict) where verdict != "error" {
        let isMatch = parsed.matchesStart(of: text.unicodeScalars)
        if isMatch { matches += 1 }
        if isMatch != (said == "1") { differences.append("\(pattern.debugDescription) on \(text.debugDescription)") }
      }
    }
    #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(20))")
    #expect(matches > 2000)
  }

  @Test func `time does not explode`() throws {
    let pattern = try PythonPattern(parsing: "(a|aa|a*)*(b|(?=(a+)+c))$")
    #expect(!pattern.matchesStart(of: String(repeating: "a", count: 200).unicodeScalars))
  }

  @Test func `patterns are equal by their scalars`() throws {
    #expect(try PythonPattern(parsing: "e\u{301}") != PythonPattern(parsing: "\u{E9}"))
    #expect(try PythonPattern(parsing: "(a)") == PythonPattern(parsing: "(a)"))
  }

  // MARK: - Support

  private static func random(_ generator: inout SeededRandom, depth: Int) -> String {
    let count = 1 + Int(generator.next() % 3)
    return (0..<count).map { _ in piece(&generator, depth: depth) }.joined()
  }

  private static func piece(_ generator: inout SeededRandom, depth: Int) -> String {
    func pick(_ choices: [String]) -> String { choices[Int(generator.next() % UInt64(choices.count))] }
    var text: String
    switch generator.next() % (depth > 0 ? 12 : 7) {
    case 0, 1, 2: text = pick(["a", "b", "A", "_", "1", "/", "é", "É", "-", "ß"])
    case 3: text = pick([".", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "\\.", "\\n"])
    case 4: text = pick(["[ab]", "[^a]", "[a-c1]", "[\\w-]", "[^\\d/]", "[A-é]", "[]a]", "[^\\W_]"])
    case 5: return pick(["^", "$", "\\b", "\\B", "\\A", "\\Z"])
    case 6: text = pick(["a", "b", "(?i:É|a)", "(?s:.)", "{", "a{1", "\\t"])
    case 7: text = "(" + random(&generator, depth: depth - 1) + "|" + random(&generator, depth: depth - 1) + ")"
    case 8: text = "(?:" + random(&generator, depth: depth - 1) + ")"
    case 9: text = "(?=" + random(&generator, depth: depth - 1) + ")"
    case 10: text = "(?!" + random(&generator, depth: depth - 1) + ")"
    default: text = "(?i:" + random(&generator, depth: depth - 1) + ")"
    }
    if generator.next() % 3 == 0 { text += pick(["*", "+", "?", "*?", "{2}", "{1,2}", "{,2}", "{2,}"]) }
    return text
  }

  private static func randomText(_ generator: inout SeededRandom) -> String {
    let letters = ["a", "b", "A", "B", "_", "1", "/", "é", "É", "-", "\n", " ", "ß", "a", "b"]
    return (0..<Int(generator.next() % 7)).map { _ in letters[Int(generator.next() % UInt64(letters.count))] }.joined()
  }

  private static func askPython(_ cases: [(String, [String])]) throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let program = """
      import json, re, sys, warnings
      warnings.simplefilter("ignore")
      for pattern, texts in json.load(sys.stdin):
          try:
              compiled = re.compile(pattern)
              print("".join("1" if compiled.match(text) else "0" for text in texts))
          except re.error:
              print("error")
      """
    process.arguments = ["python3", "-c", program]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    let writer = Thread {
      let lists = cases.map { [$0.0, $0.1] as [Any] }
      try? input.fileHandleForWriting.write(contentsOf: JSONSerialization.data(withJSONObject: lists))
      try? input.fileHandleForWriting.close()
    }
    writer.start()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
