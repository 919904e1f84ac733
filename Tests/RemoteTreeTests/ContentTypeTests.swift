import Foundation
import Testing

@testable import RemoteTree

@Suite struct ContentTypeTests {
  private struct Reference: Decodable {
    var types: [String: String]
    var encodings: [String: String]
    var suffixes: [String: String]

    enum CodingKeys: String, CodingKey {
      case types = "debian_12_with_etc_mime_types"
      case encodings = "encodings_map"
      case suffixes = "suffix_map"
    }
  }

  private static func reference() throws -> Reference {
    let url = try #require(Bundle.module.url(forResource: "mimetypes", withExtension: "json", subdirectory: "Vectors"))
    return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: url))
  }

  /// Each of the 1,550 that Python 3.11 answers on Debian 12. Python looks an extension up in lower case and cuts it at
  /// the last dot, so some of its entries never answer.
  @Test func answersAsPython() throws {
    let reference = try Self.reference()
    let types = reference.types
    #expect(types.count == 1_550)
    for suffix in types.keys {
      let last = "." + (suffix.split(separator: ".").last ?? "")
      if reference.suffixes[last] != nil { continue }
      let isCompression = reference.encodings[last] != nil
      #expect(ContentType.guess("/a/b/name" + last) == (isCompression ? nil : types[last.lowercased()]), "\(suffix)")
      if !isCompression {
        #expect(ContentType.guess("name" + last.uppercased()) == types[last.lowercased()], "\(suffix)")
      }
    }
    #expect(Set(ContentType.types.keys).isSubset(of: Set(types.keys.map { $0.dropFirst() })))
    for (short, long) in reference.suffixes {
      #expect(ContentType.guess("name" + short) == ContentType.guess("name" + long), "\(short)")
    }
  }

  @Test(
    arguments: [
      ("a.txt.gz", "text/plain"), ("a.tar.gz", "application/x-tar"), ("x.gz", nil), ("x.tgz", "application/x-tar"),
      ("a.svgz", "image/svg+xml"), (".html", nil), ("..html", nil), ("a/.b.html", "text/html"), ("html", nil),
      ("a.html/b", nil), ("a.", nil), ("a.b.HTML", "text/html"), ("dir.txt/", nil), ("", nil),
      ("ü.json", "application/json"),
      ("a.GZ", "application/gzip"), ("a.txt.Z", "text/plain"), ("a.nonesuch", nil),
    ] as [(String, String?)])
  func goesByTheName(name: String, type: String?) { #expect(ContentType.guess(name) == type) }
}
