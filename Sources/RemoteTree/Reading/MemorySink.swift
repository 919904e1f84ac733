internal import NIOConcurrencyHelpers
internal import SyncEngine

/// Collects a small content in memory.
final class MemorySink: ContentSink {
  private let storage: NIOLockedValueBox<[UInt8]>

  init(size: Int64) { storage = NIOLockedValueBox([UInt8](repeating: 0, count: Int(size))) }

  var bytes: [UInt8] { storage.withLockedValue { $0 } }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
    storage.withLockedValue { storage in
      storage.withUnsafeMutableBytes { target in
        UnsafeMutableRawBufferPointer(rebasing: target[Int(offset)...]).copyMemory(from: bytes)
      }
    }
  }
}

/// Takes a content only to have it hashed.
struct NullSink: ContentSink {
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {}
}
