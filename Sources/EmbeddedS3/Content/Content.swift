import NIOCore

/// The bytes of an object version or a part: immutable segments that versions, parts and copies share.
struct Content: Sendable {
  private(set) var segments: [Segment]
  private(set) var size: Int

  enum Segment: Sendable {
    case memory(ByteBuffer)
    case file(BlobFile, offset: Int, length: Int)

    var length: Int {
      switch self {
      case .memory(let buffer): buffer.readableBytes
      case .file(_, _, let length): length
      }
    }
  }

  static let empty = Content(segments: [])

  init(segments: [Segment]) {
    self.segments = segments.filter { $0.length > 0 }
    self.size = self.segments.reduce(0) { $0 + $1.length }
  }

  init(joining contents: [Content]) {
    self.segments = contents.flatMap(\.segments)
    self.size = contents.reduce(0) { $0 + $1.size }
  }

  /// The part of the content in `range`, without copying. The range must lie within the content.
  func slice(_ range: Range<Int>) -> Content {
    var result: [Segment] = []
    var start = 0
    for segment in self.segments {
      let end = start + segment.length
      let lower = max(range.lowerBound, start)
      let upper = min(range.upperBound, end)
      if lower < upper {
        switch segment {
        case .memory(let buffer):
          let index = buffer.readerIndex + (lower - start)
          if let slice = buffer.getSlice(at: index, length: upper - lower) { result.append(.memory(slice)) }
        case .file(let file, let offset, _):
          result.append(.file(file, offset: offset + (lower - start), length: upper - lower))
        }
      }
      start = end
      if start >= range.upperBound { break }
    }
    return Content(segments: result)
  }
}
