import Foundation
import Testing

@testable import AWSKit

extension FuzzTests {
  private struct INIVector: Decodable {
    var text: String
    /// Nil where botocore refuses the file.
    var sections: [String: [String: String]]?
  }

  /// Files as botocore reads them; the vectors are written by `scripts/fuzz-vectors`.
  @Test func iniAsBotocoreReadsIt() throws {
    let vectors = try Vectors.load("ini", as: [INIVector].self)
    #expect(vectors.count >= 400)
    for vector in vectors {
      guard let expected = vector.sections else {
        // Martlet takes some of them: a heading or a key that comes twice.
        _ = try? INIFile(parsing: vector.text, source: "f")
        continue
      }
      let sections = try INIFile(parsing: vector.text, source: "f").sections
      #expect(Self.bytes(of: sections) == Self.bytes(of: expected), "\(vector.text.debugDescription)")
    }
  }

  @Test func ini() throws {
    let fuzzer = Fuzzer(
      target: "ini",
      seeds: [
        "[default]\nregion = eu-west-1\ns3 =\n  addressing_style = path\n[profile \"a b\"]\r\nsource_profile=x\r\n",
        "[services s]\ns3 = \n  endpoint_url = http://h\n# c\n\n; d\n[profile default]\n k: v\n  w\n",
      ], tokens: ["[", "]", "[a]", "=", ":", "#", ";", "\n ", "\n\t", "\r", "profile ", "default", "\"", "'"])
    try fuzzer.run { input in
      guard let text = String(validating: input, as: UTF8.self), let file = try? INIFile(parsing: text, source: "f")
      else { return }
      for (_, values) in file.sections {
        try require(values.keys.allSatisfy { !$0.isEmpty }, "a key without a name")
      }
      let blanks = Self.bytes(of: try INIFile(parsing: text + "\n\n  \n# c\n", source: "f").sections)
      try require(blanks == Self.bytes(of: file.sections), "blank lines at the end change it")
    }
  }

  /// Not by Swift's canonical equivalence.
  private static func bytes(of sections: [String: [String: String]]) -> [[UInt8]: [[UInt8]: [UInt8]]] {
    var result: [[UInt8]: [[UInt8]: [UInt8]]] = [:]
    for (section, values) in sections {
      result[Array(section.utf8)] = Dictionary(
        values.map { (Array($0.key.utf8), Array($0.value.utf8)) }, uniquingKeysWith: { $1 })
    }
    return result
  }
}
