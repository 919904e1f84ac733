import NIOCore

extension Content {
  /// How much is read from a file at once.
  private static let readSize = 1 << 20

  /// The content in pieces of at most 1 MiB. Reading files blocks, for as long as the page cache takes.
  func forEachBuffer(_ body: (ByteBuffer) throws -> Void) throws {
    for segment in self.segments {
      for piece in segment.pieces(of: Self.readSize) { try body(piece.buffer()) }
    }
  }

  /// The pieces that a reply is written in.
  var pieces: [Segment] { self.segments.flatMap { $0.pieces(of: Self.readSize) } }

  /// Checksums of bytes that are already here, of a copy for example.
  func checksums(_ algorithm: ChecksumAlgorithm?) throws -> BodyChecksums {
    var digests = BodyDigests(hashesPayload: false, algorithms: [algorithm].compactMap { $0 })
    try self.forEachBuffer { digests.update($0) }
    return digests.finish()
  }
}

extension Content.Segment {
  func buffer() throws -> ByteBuffer {
    switch self {
    case .memory(let buffer): buffer
    case .file(let file, let offset, let length): try file.read(offset: offset, length: length)
    }
  }

  fileprivate func pieces(of size: Int) -> [Content.Segment] {
    guard case .file(let file, let offset, let length) = self else { return [self] }
    return stride(from: 0, to: length, by: size).map { start in
      .file(file, offset: offset + start, length: min(size, length - start))
    }
  }
}
