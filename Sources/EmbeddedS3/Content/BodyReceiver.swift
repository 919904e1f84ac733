import Digests
import HTTPTypes
import HummingbirdCore
import NIOCore

/// Reads a request's body: decodes, stores and digests it, and verifies all that the client said about it.
struct BodyReceiver {
  /// S3's limit for one PUT or part.
  private static let maximumSize = 5 << 30

  let folder: BlobFolder?

  struct Received: Sendable {
    var content: Content
    var checksums: BodyChecksums
    /// The additional checksum that the client sent, header or trailer.
    var declared: (algorithm: ChecksumAlgorithm, value: String)?
  }

  /// - Parameters:
  ///   - algorithm: a checksum to compute even if the client declares none.
  ///   - describesBody: whether the checksum headers are about this body; those of a completion are about the object.
  func receive(
    _ request: S3Request, _ body: RequestBody, _ verified: SignatureVerifier.Verified,
    algorithm: ChecksumAlgorithm? = nil, describesBody: Bool = true
  ) async throws -> Received {
    let declared = describesBody ? try DeclaredChecksums(request) : DeclaredChecksums()
    let expectedSize = try self.expectedSize(request, verified.payload)
    var digests = BodyDigests(
      hashesPayload: verified.payload.isHash,
      algorithms: Set([declared.algorithm, declared.trailer, algorithm].compactMap { $0 }))
    var writer = try ContentWriter(folder: self.folder, expectedSize: expectedSize)
    var trailers: [(name: String, value: String)] = []
    if case .chunked(let isSigned, let hasTrailer) = verified.payload {
      trailers = try await self.receiveChunks(
        body, signer: isSigned ? verified.chunkSigner : nil, hasTrailer: hasTrailer, &digests, &writer)
    } else {
      for try await buffer in body {
        digests.update(buffer)
        try writer.write(buffer)
      }
    }
    let checksums = digests.finish()
    guard expectedSize == nil || checksums.size == expectedSize else { throw S3Error.incompleteBody }
    if case .hash(let hash) = verified.payload, hash != checksums.sha256 {
      throw S3Error(
        .badRequest, "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        [("ClientComputedContentSHA256", hash), ("S3ComputedContentSHA256", checksums.sha256 ?? "")])
    }
    let value = try declared.verify(checksums, trailers: trailers)
    return Received(content: writer.finish(), checksums: checksums, declared: value)
  }

  /// A small body, of an XML document.
  func collect(
    _ request: S3Request, _ body: RequestBody, _ verified: SignatureVerifier.Verified, describesBody: Bool
  ) async throws -> [UInt8] {
    let received = try await BodyReceiver(folder: nil).receive(request, body, verified, describesBody: describesBody)
    return received.content.segments.flatMap { segment in
      if case .memory(let buffer) = segment { Array(buffer.readableBytesView) } else { [UInt8]() }
    }
  }

  private func expectedSize(_ request: S3Request, _ payload: Payload) throws -> Int? {
    var size = request.header("content-length").flatMap { Int($0) }
    if case .chunked = payload {
      size = request.header("x-amz-decoded-content-length").flatMap { Int($0) }
      guard size != nil else {
        throw S3Error(.lengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
      }
    }
    guard (size ?? 0) <= Self.maximumSize else {
      throw S3Error(
        .badRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size",
        [("ProposedSize", String(size ?? 0)), ("MaxSizeAllowed", String(Self.maximumSize))])
    }
    return size
  }

  /// Returns the trailers.
  private func receiveChunks(
    _ body: RequestBody, signer: ChunkSigner?, hasTrailer: Bool, _ digests: inout BodyDigests,
    _ writer: inout ContentWriter
  ) async throws -> [(name: String, value: String)] {
    var decoder = AWSChunkedDecoder()
    var signer = signer
    var chunkHash = SHA256Digest()
    var signature: String?
    var trailers: [(name: String, value: String)] = []
    var isComplete = false

    func verifyChunk() throws {
      guard signer != nil else { return }
      guard signer?.sign(chunkHash: chunkHash.finalize()) == signature else { throw Self.chunkSignatureMismatch }
    }

    for try await buffer in body {
      decoder.feed(buffer)
      while let event = try decoder.next() {
        switch event {
        case .chunkStart(let size, let chunkSignature):
          chunkHash = SHA256Digest()
          signature = chunkSignature
          if size == 0 { try verifyChunk() }
        case .data(let data):
          digests.update(data)
          if signer != nil { data.withUnsafeReadableBytes { chunkHash.update($0) } }
          try writer.write(data)
        case .chunkEnd: try verifyChunk()
        case .trailer(let name, let value): trailers.append((name, value))
        case .end: isComplete = true
        }
      }
    }
    guard isComplete else { throw S3Error.incompleteBody }
    if signer != nil, hasTrailer {
      let signed = trailers.filter { $0.name != "x-amz-trailer-signature" }
      guard signer?.sign(trailers: signed) == trailers.first(where: { $0.name == "x-amz-trailer-signature" })?.value
      else { throw Self.chunkSignatureMismatch }
    }
    return trailers
  }

  private static let chunkSignatureMismatch = S3Error(
    .forbidden, "SignatureDoesNotMatch",
    "The signature of a chunk does not match the signature you provided. Check your key and signing method.")
}

extension Payload {
  var isHash: Bool {
    if case .hash = self { true } else { false }
  }
}
