internal import Checksums
public import NIOCore

/// The content of an upload.
public struct S3Body: Sendable {
  enum Content: Sendable {
    case bytes(ByteBuffer)
    case stream(open: @Sendable () async throws -> S3ByteStream)
  }

  let content: Content
  public let length: Int64
  /// Hex of the SHA-256 where the caller knows it; a stream without it is sent as `UNSIGNED-PAYLOAD`.
  let sha256: String?
  /// Where the caller knows it; computed for bytes, left out for streams.
  let crc64nvme: UInt64?
  /// Another one that the caller knows.
  let checksum: S3Checksum?

  private init(content: Content, length: Int64, sha256: String?, crc64nvme: UInt64?, checksum: S3Checksum? = nil) {
    self.content = content
    self.length = length
    self.sha256 = sha256
    self.crc64nvme = crc64nvme
    self.checksum = checksum
  }

  /// Nil for a stream of which it is not known.
  func checksum(_ algorithm: S3ChecksumAlgorithm) -> S3Checksum? {
    if algorithm == .crc64nvme, let crc64nvme { return S3Checksum(algorithm, value: crc64nvme.awsBase64) }
    if let checksum, checksum.algorithm == algorithm { return checksum }
    guard case .bytes(let buffer) = content else { return nil }
    var calculation = S3ChecksumCalculation(algorithm)
    buffer.withUnsafeReadableBytes { calculation.update($0) }
    return S3Checksum(algorithm, value: calculation.base64)
  }

  /// - Parameter crc64nvme: spares a pass over the bytes.
  public static func bytes(_ buffer: ByteBuffer, sha256: String? = nil, crc64nvme: UInt64? = nil) -> Self {
    Self(content: .bytes(buffer), length: Int64(buffer.readableBytes), sha256: sha256, crc64nvme: crc64nvme)
  }

  public static let empty = Self.bytes(ByteBuffer())

  /// - Parameters:
  ///   - length: bytes that the stream will deliver; another number fails the request.
  ///   - checksum: where it goes with another one than CRC64NVME.
  ///   - open: called once per attempt; the stream begins at the first byte each time.
  public static func stream(
    length: Int64, sha256: String? = nil, crc64nvme: UInt64? = nil, checksum: S3Checksum? = nil,
    open: @escaping @Sendable () async throws -> S3ByteStream
  ) -> Self {
    Self(content: .stream(open: open), length: length, sha256: sha256, crc64nvme: crc64nvme, checksum: checksum)
  }
}

/// Chunks of bytes from a closure.
public struct S3ByteStream: AsyncSequence, Sendable {
  public typealias Element = ByteBuffer

  private let next: @Sendable () async throws -> ByteBuffer?

  /// - Parameter next: the next chunk, nil at the end. It is never called concurrently.
  public init(next: @escaping @Sendable () async throws -> ByteBuffer?) {
    self.next = next
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(produce: next) }

  public struct AsyncIterator: AsyncIteratorProtocol {
    let produce: @Sendable () async throws -> ByteBuffer?

    public mutating func next() async throws -> ByteBuffer? { try await produce() }
  }
}
