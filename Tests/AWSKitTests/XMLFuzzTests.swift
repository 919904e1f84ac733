import AWSKit
import Foundation
import FoundationXML
import Testing

/// A small linear generator; a seed names a document.
private struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}

/// What FoundationXML (libxml2) makes of a document: the same flat form as ours, nil when it refuses it.
private final class Reference: NSObject, XMLParserDelegate {
  private var events: [String] = []

  static func parse(_ document: [UInt8]) -> [String]? {
    let reference = Reference()
    let parser = XMLParser(data: Data(document))
    parser.delegate = reference
    return parser.parse() ? reference.events : nil
  }

  private func text(_ text: String) {
    if events.last?.hasPrefix("t") ?? false { events[events.count - 1] += text } else { events.append("t" + text) }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) { events.append("<" + name) }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) { events.append(">" + name) }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text(string) }

  func parser(_ parser: XMLParser, foundCDATA block: Data) { text(String(decoding: block, as: UTF8.self)) }
}

/// Ours in that form; pieces of text joined, empty ones dropped. Nil when refused.
private func ours(_ document: [UInt8]) -> [String]? {
  var scanner = XMLScanner(document)
  var events: [String] = []
  while true {
    guard let event = try? scanner.next() else { return nil }
    switch event {
    case .start: events.append("<" + String(decoding: scanner.name, as: UTF8.self))
    case .end: events.append(">" + String(decoding: scanner.name, as: UTF8.self))
    case .text:
      let text = String(decoding: scanner.text, as: UTF8.self)
      if text.isEmpty { continue }
      if events.last?.hasPrefix("t") ?? false { events[events.count - 1] += text } else { events.append("t" + text) }
    case .endOfDocument: return events
    }
  }
}

@Suite struct XMLFuzzTests {
  private static func document(_ random: inout Generator, depth: Int = 0) -> String {
    let name = ["Key", "a", "ETag", "x-1", "_b.c"].randomElement(using: &random)!
    let attribute = ["", " a='1'", " b=\"<\"", " xmlns=\"u\"", "  c = 'x&amp;y' "].randomElement(using: &random)!
      .replacing("<", with: "&lt;")
    var content = ""
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      switch Int.random(in: 0..<7, using: &random) {
      case 0 where depth < 6: content += document(&random, depth: depth + 1)
      case 1: content += "<![CDATA[a<b>]]&amp;]]>"
      case 2: content += "<!-- c & <d> -->"
      case 3: content += ["&amp;", "&lt;", "&#65;", "&#x20AC;", "&quot;", "&#13;"].randomElement(using: &random)!
      case 4: content += ["\u{e9}\u{1F600}", " ", "\r\n", "\t"].randomElement(using: &random)!
      case 5: content += "<?pi x?>"
      default: content += "text \(Int.random(in: 0..<100, using: &random))"
      }
    }
    return content.isEmpty ? "<\(name)\(attribute)/>" : "<\(name)\(attribute)>\(content)</\(name) >"
  }

  @Test func generatedDocumentsReadAsByLibxml2() throws {
    for seed in 0..<1_500 {
      var random = Generator(state: UInt64(seed))
      let document = Array(Self.document(&random).utf8)
      let reference = try #require(Reference.parse(document), "seed \(seed)")
      #expect(ours(document) == reference, "seed \(seed)")
    }
  }

  /// No beginning of a document is taken for a whole one.
  @Test func cutDocumentsAreRefused() {
    for seed in 0..<300 {
      var random = Generator(state: UInt64(seed))
      let document = Array(Self.document(&random).utf8)
      for length in 0..<document.count { #expect(ours(Array(document[..<length])) == nil, "seed \(seed), \(length)") }
    }
  }

  /// Broken documents: never a crash, and what is taken has its elements nested. (libxml2 is no reference here:
  /// FoundationXML itself crashes on some of them.)
  @Test func mutatedDocuments() {
    let alphabet = Array("<>/&;!-[]?= '\"axK#1]\u{0}".utf8)
    var refused = 0
    for seed in 0..<6_000 {
      var random = Generator(state: UInt64(seed) &+ 1_000_000)
      var document = Array(Self.document(&random).utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) where !document.isEmpty {
        let index = Int.random(in: 0..<document.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: document[index] = alphabet.randomElement(using: &random)!
        case 1: document.remove(at: index)
        case 2: document.insert(alphabet.randomElement(using: &random)!, at: index)
        default: document.removeSubrange(index...)
        }
      }
      guard let events = ours(document) else {
        refused += 1
        continue
      }
      var open: [Substring] = []
      for event in events where event.first != "t" {
        if event.first == "<" { open.append(event.dropFirst()) } else { #expect(open.popLast() == event.dropFirst()) }
      }
      #expect(open.isEmpty, "seed \(seed)")
    }
    #expect(refused > 1_000)
  }
}
