/// A pull parser for the XML that AWS sends: elements and text, nothing else matters.
///
/// It refuses document types (and with them entity bombs), documents deeper than 64 elements, and whatever is not
/// well-formed. Comments and processing instructions are skipped, CDATA is text, attributes are checked and dropped.
package struct XMLScanner {
  package enum Event: Equatable {
    /// Its name is in ``name``, without a namespace prefix.
    case start
    case end
    /// A piece of character data, decoded, in ``text``; one element may have several.
    case text
    case endOfDocument
  }

  /// Deeper than any reply of S3 (8 levels) by far.
  package static let maximumDepth = 64

  let bytes: [UInt8]
  private var position = 0
  private var openElements: [Range<Int>] = []
  private var pendingEnd = false
  private var sawRoot = false
  package private(set) var nameRange = 0..<0
  /// Where the text stands in the document; nil where it had to be decoded.
  private var textRange: Range<Int>?
  private var decoded: [UInt8] = []

  /// The caller limits the size.
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  package var depth: Int { openElements.count }

  /// Bytes read so far: behind the tag or text of the last event.
  package var offset: Int { position }

  /// Nearly always a part of the document, which is not copied.
  package var text: ArraySlice<UInt8> { textRange.map { bytes[$0] } ?? decoded[...] }

  /// Local name of the element that has just started or ended.
  package var name: ArraySlice<UInt8> { bytes[nameRange] }

  package func nameIs(_ expected: StaticString) -> Bool {
    guard nameRange.count == expected.utf8CodeUnitCount else { return false }
    return bytes.withUnsafeBufferPointer { [nameRange] buffer in
      for index in 0..<nameRange.count
      where buffer[nameRange.lowerBound + index] != expected.utf8Start[index] {
        return false
      }
      return true
    }
  }

  package mutating func next() throws(XMLError) -> Event {
    if pendingEnd {
      pendingEnd = false
      return closeElement()
    }
    while position < bytes.count {
      if bytes[position] != UInt8(ascii: "<") {
        if let event = try characterData() { return event }
        continue
      }
      switch peek(1) {
      case UInt8(ascii: "?"): try skip(past: "?>")
      case UInt8(ascii: "!"):
        if hasPrefix("<!--") {
          try skipComment()
        } else if hasPrefix("<![CDATA[") {
          return try characterDataSection()
        } else {
          throw fail("document types and declarations are not taken")
        }
      case UInt8(ascii: "/"): return try endTag()
      default: return try startTag()
      }
    }
    guard openElements.isEmpty else { throw fail("the document is cut off") }
    guard sawRoot else { throw fail("the document has no element") }
    return .endOfDocument
  }

  // MARK: Tags

  private mutating func startTag() throws(XMLError) -> Event {
    if openElements.isEmpty && sawRoot { throw fail("more than one root element") }
    guard openElements.count < Self.maximumDepth else { throw fail("elements are nested too deeply") }
    sawRoot = true
    position += 1
    let qualified = try scanName()
    try scanAttributes()
    openElements.append(qualified)
    nameRange = localName(qualified)
    if peek(0) == UInt8(ascii: "/") {
      position += 1
      pendingEnd = true
    }
    guard peek(0) == UInt8(ascii: ">") else { throw fail("a tag is not closed") }
    position += 1
    return .start
  }

  private mutating func endTag() throws(XMLError) -> Event {
    position += 2
    let qualified = try scanName()
    skipBlanks()
    guard peek(0) == UInt8(ascii: ">") else { throw fail("an end tag is not closed") }
    guard let open = openElements.last, open.count == qualified.count, isEqual(open, qualified) else {
      throw fail("an end tag does not fit its start tag")
    }
    position += 1
    return closeElement()
  }

  private func isEqual(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
    for index in 0..<one.count where bytes[one.lowerBound + index] != bytes[other.lowerBound + index] { return false }
    return true
  }

  private mutating func closeElement() -> Event {
    nameRange = localName(openElements.removeLast())
    return .end
  }

  private mutating func scanName() throws(XMLError) -> Range<Int> {
    let start = position
    while position < bytes.count, isNameByte(bytes[position]) { position += 1 }
    guard position > start, !(UInt8(ascii: "-")...UInt8(ascii: "9")).contains(bytes[start]) else {
      throw fail("a name is missing or malformed")
    }
    return start..<position
  }

  private mutating func scanAttributes() throws(XMLError) {
    while true {
      let before = position
      skipBlanks()
      guard let byte = peek(0), byte != UInt8(ascii: ">"), byte != UInt8(ascii: "/") else { return }
      guard position > before else { throw fail("attributes are not separated") }
      _ = try scanName()
      skipBlanks()
      guard peek(0) == UInt8(ascii: "=") else { throw fail("an attribute has no value") }
      position += 1
      skipBlanks()
      guard let quote = peek(0), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
        throw fail("an attribute value is not quoted")
      }
      position += 1
      while let byte = peek(0), byte != quote {
        guard byte != UInt8(ascii: "<") else { throw fail("an attribute value holds a tag") }
        if byte == UInt8(ascii: "&") { try reference() } else { position += 1 }
      }
      guard position < bytes.count else { throw fail("the document is cut off") }
      position += 1
    }
  }

  private func localName(_ qualified: Range<Int>) -> Range<Int> {
    guard let colon = bytes[qualified].lastIndex(of: UInt8(ascii: ":")) else { return qualified }
    return colon + 1..<qualified.upperBound
  }

  // MARK: Text

  /// Nil for blanks outside of the root element.
  private mutating func characterData() throws(XMLError) -> Event? {
    let start = plainRun()
    position = start.upperBound
    if position == bytes.count || bytes[position] == UInt8(ascii: "<") {
      textRange = start
    } else {
      beginDecoding(bytes[start])
    }
    while position < bytes.count, bytes[position] != UInt8(ascii: "<") {
      let byte = bytes[position]
      if byte == UInt8(ascii: "&") {
        try reference()
      } else if byte == UInt8(ascii: "\r") {
        // Line ends are normalised; a real carriage return comes as a character reference.
        if peek(1) != UInt8(ascii: "\n") { decoded.append(UInt8(ascii: "\n")) }
        position += 1
      } else {
        let run = plainRun()
        guard !run.isEmpty else { throw fail("a control character") }
        decoded.append(contentsOf: bytes[run])
        position = run.upperBound
      }
    }
    guard openElements.isEmpty else { return .text }
    guard text.allSatisfy(isBlank) else { throw fail("text outside of the root element") }
    return nil
  }

  private mutating func beginDecoding(_ start: ArraySlice<UInt8>) {
    textRange = nil
    decoded.removeAll(keepingCapacity: true)
    decoded.append(contentsOf: start)
  }

  /// From here to the next byte that needs a look: nearly all of a listing.
  private func plainRun() -> Range<Int> {
    bytes.withUnsafeBufferPointer { [position] bytes in
      var end = position
      while end < bytes.count {
        let byte = bytes[end]
        if byte == UInt8(ascii: "<") || byte == UInt8(ascii: "&") || byte == UInt8(ascii: "\r") { break }
        if byte < 0x20 && !isBlank(byte) { break }
        end += 1
      }
      return position..<end
    }
  }

  private mutating func characterDataSection() throws(XMLError) -> Event {
    guard !openElements.isEmpty else { throw fail("text outside of the root element") }
    beginDecoding([])
    position += "<![CDATA[".utf8.count
    while !hasPrefix("]]>") {
      guard position < bytes.count else { throw fail("the document is cut off") }
      try appendCharacterByte(bytes[position])
      position += 1
    }
    position += 3
    return .text
  }

  private mutating func appendCharacterByte(_ byte: UInt8) throws(XMLError) {
    guard byte >= 0x20 || isBlank(byte) else { throw fail("a control character") }
    decoded.append(byte)
  }

  /// `&amp;`, `&#38;`, `&#x26;` and their like. References to control characters are taken, although XML 1.0 forbids
  /// them: S3 writes keys that way when asked for no encoding.
  private mutating func reference() throws(XMLError) {
    // The longest is &#1114111; — ten characters.
    guard let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
      throw fail("a reference is not closed")
    }
    let body = bytes[position + 1..<end]
    position = end + 1
    if body.first == UInt8(ascii: "#") {
      let isHex = body.dropFirst().first == UInt8(ascii: "x")
      let digits = body.dropFirst(isHex ? 2 : 1)
      guard let first = digits.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-"),
        let value = UInt32(String(decoding: digits, as: UTF8.self), radix: isHex ? 16 : 10), value != 0,
        let scalar = Unicode.Scalar(value)
      else { throw fail("a character reference is malformed") }
      decoded.append(contentsOf: UTF8.encode(scalar)!)
      return
    }
    switch String(decoding: body, as: UTF8.self) {
    case "amp": decoded.append(UInt8(ascii: "&"))
    case "lt": decoded.append(UInt8(ascii: "<"))
    case "gt": decoded.append(UInt8(ascii: ">"))
    case "quot": decoded.append(UInt8(ascii: "\""))
    case "apos": decoded.append(UInt8(ascii: "'"))
    default: throw fail("an entity is not known")
    }
  }

  // MARK: Bytes

  private mutating func skipComment() throws(XMLError) {
    position += 4
    try skip(past: "-->")
  }

  private mutating func skip(past end: StaticString) throws(XMLError) {
    while !hasPrefix(end) {
      guard position < bytes.count else { throw fail("the document is cut off") }
      position += 1
    }
    position += end.utf8CodeUnitCount
  }

  private mutating func skipBlanks() {
    while position < bytes.count, isBlank(bytes[position]) { position += 1 }
  }

  private func hasPrefix(_ prefix: StaticString) -> Bool {
    guard bytes.count - position >= prefix.utf8CodeUnitCount else { return false }
    for index in 0..<prefix.utf8CodeUnitCount where bytes[position + index] != prefix.utf8Start[index] { return false }
    return true
  }

  private func peek(_ offset: Int) -> UInt8? {
    position + offset < bytes.count ? bytes[position + offset] : nil
  }

  private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

  private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: ":"), 0x80...:
      true
    default: false
    }
  }

  private func fail(_ reason: String) -> XMLError { XMLError(reason: reason, offset: position) }
}

/// A document that is not well-formed or not taken.
package struct XMLError: Error, CustomStringConvertible {
  package let reason: String
  /// Bytes from the start of the document.
  package let offset: Int

  package var description: String { "malformed XML at byte \(offset): \(reason)" }
}
