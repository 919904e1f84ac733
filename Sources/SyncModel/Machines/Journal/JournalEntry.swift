/// One entry of the journal: who wrote it, and where he changed something.
package struct JournalEntry: Hashable, Sendable {
  /// Of one run of a node; no blanks.
  package var writer: String
  package var news: JournalNews

  package init(writer: String, news: JournalNews) {
    self.writer = writer
    self.news = news
  }

  /// Stands where an entry should and cannot be read: of a later version, or somebody else's.
  package static let unreadable = JournalEntry(writer: "", news: .everything)

  /// The places in at most `limit` bytes: the keys where they fit, else the folders that hold them.
  ///
  /// Sorted, each as the number of bytes that it shares with the beginning of the one before, and with its end, the
  /// number of bytes between times four plus the kind, these bytes; numbers as LEB128. So names of one folder and of one
  /// kind take little, and nothing that is read can unfold to more than a thousand times its size.
  package func packed(limit: Int) -> [UInt8] {
    var news = news
    while true {
      let bytes = Self.pack(news)
      if bytes.count <= limit || news.isEverything { return bytes }
      news = news.shortened()
    }
  }

  private static func pack(_ news: JournalNews) -> [UInt8] {
    var bytes: [UInt8] = []
    var previous: [UInt8] = []
    for (path, place) in news.sorted {
      let name = Array(path.string.utf8)
      let head = zip(previous, name).prefix { $0 == $1 }.count
      let room = min(previous.count, name.count) - head
      let tail = zip(previous.reversed(), name.reversed()).prefix(room).prefix { $0 == $1 }.count
      bytes.appendNumber(head)
      bytes.appendNumber(tail)
      bytes.appendNumber((name.count - head - tail) << 2 | Int(place.rawValue))
      bytes += name[head..<name.count - tail]
      previous = name
    }
    return bytes
  }

  /// Nil where the bytes are not what `packed` makes.
  package init?(writer: String, packed bytes: [UInt8]) {
    var rest = bytes[...]
    var previous: [UInt8] = []
    var news = JournalNews()
    while !rest.isEmpty {
      guard let head = rest.popNumber(), let tail = rest.popNumber(), let number = rest.popNumber(),
        let place = JournalNews.Place(rawValue: UInt8(number & 3)), head + tail <= previous.count,
        number >> 2 <= rest.count
      else { return nil }
      let name = previous.prefix(head) + rest.prefix(number >> 2) + previous.suffix(tail)
      rest = rest.dropFirst(number >> 2)
      guard name.count <= KeyMapping.maximumKeyLength, let path = Self.path(name, place) else { return nil }
      news.insert(path, place)
      previous = Array(name)
    }
    guard !news.isEmpty else { return nil }
    self.init(writer: writer, news: news)
  }

  private static func path(_ name: ArraySlice<UInt8>, _ place: JournalNews.Place) -> RelativePath? {
    if name.isEmpty { return place == .folder ? .root : nil }
    guard let text = String(validating: name, as: UTF8.self), let path = try? RelativePath(validating: text),
      ReservedNames.match(in: path) == nil, place != .folder || path.isDirectory
    else { return nil }
    return path
  }
}

extension [UInt8] {
  fileprivate mutating func appendNumber(_ number: Int) {
    var rest = number
    while rest > 127 {
      append(UInt8(rest & 127 | 128))
      rest >>= 7
    }
    append(UInt8(rest))
  }
}

extension ArraySlice<UInt8> {
  /// Nil where none begins, or a larger one than any that is written.
  fileprivate mutating func popNumber() -> Int? {
    var number = 0
    for shift in [0, 7, 14] {
      guard let byte = popFirst() else { return nil }
      number |= Int(byte & 127) << shift
      if byte < 128 { return number }
    }
    return nil
  }
}
