package import AWSKit
internal import NIOCore
internal import SyncEngine
package import SyncModel

/// The lock object of a prefix, which nodes share with s3-sync2.
///
/// Each request is sent once, or again only where it certainly was not processed; what became of it is for
/// `LeaseMachine` to judge.
package struct LockObject: Sendable {
  /// What became of a write or a deletion.
  package enum Outcome: Hashable, Sendable {
    /// Nil: the server names no ETag.
    case done(etag: String?)
    /// It is not the expected version.
    case refused
    /// It may have been processed, or may still be.
    case unknown(String)
    /// It was not processed.
    case failed(String)
  }

  private let client: S3Client
  private let bucket: String
  package let key: String
  private let headers: S3ObjectHeaders
  /// Others write it as they like.
  private static let longestBody = 1024

  /// - Parameter patience: for one request; whoever waits longer for a renewal has lost the lease.
  package init(
    client: S3Client, location: S3Location, capabilities: ServerCapabilities, settings: ObjectSettings,
    patience: Duration
  ) {
    self.client = capabilities.configured(client).besideTransfers(patience: patience, attempts: 1)
    bucket = location.bucket
    key = location.prefix + ReservedNames.lease
    headers = S3ObjectHeaders(contentType: "text/plain", additional: settings.protection)
  }

  /// Nil: there is none. Throws `RemoteFailure`.
  package func look() async throws -> ObservedLock? {
    do {
      let object = try await client.getObject(bucket: bucket, key: key)
      var bytes: [UInt8] = []
      for try await chunk in object.body {
        bytes += chunk.readableBytesView
        if bytes.count > Self.longestBody { break }
      }
      guard let etag = object.head.etag, let modified = object.head.lastModified else {
        throw S3Error(.malformedReply, message: "the reply lacks ETag or Last-Modified", operation: "GetObject")
      }
      return ObservedLock(
        etag: etag, lastModified: Timestamp(modified), date: object.head.date.map { Timestamp($0) },
        body: String(decoding: bytes.prefix(Self.longestBody), as: UTF8.self))
    } catch let error as S3Error where error.code == "NoSuchKey" {
      return nil
    } catch let error as S3Error {
      throw RemoteFailure(error, of: .read, bucket: bucket, key: key)
    }
  }

  package func write(_ record: LeaseRecord, _ condition: LeaseMachine.Condition) async throws -> Outcome {
    let condition: S3Condition =
      switch condition {
      case .absent: .ifAbsent
      case .matching(let etag): .ifMatch(etag)
      }
    return try await outcome(of: .write) {
      try await client.putObject(
        bucket: bucket, key: key, body: .bytes(ByteBuffer(string: record.body)), headers: headers,
        condition: condition, retry: .unprocessedOnly
      ).etag
    }
  }

  package func delete(etag: String) async throws -> Outcome {
    try await outcome(of: .delete) {
      try await client.deleteObject(bucket: bucket, key: key, ifMatch: etag, retry: .unprocessedOnly)
      return nil
    }
  }

  /// Throws only `CancellationError`.
  private func outcome(of call: RemoteCall, _ request: () async throws -> String?) async throws -> Outcome {
    do {
      return .done(etag: try await request())
    } catch let error as S3Error {
      switch error.kind {
      // Where several write at once S3 answers 409 to all but one; a version that is gone is another one, too.
      case .preconditionFailed, .conditionalRequestConflict, .noSuchKey: return .refused
      default: break
      }
      let message = RemoteFailure(error, of: call, bucket: bucket, key: key).message
      return error.outcomeUnknown ? .unknown(message) : .failed(message)
    } catch let error where !(error is CancellationError) {
      return .unknown("\(error)")
    }
  }
}

extension ServerCapabilities {
  /// Whether a lease excludes anybody here.
  package var canLease: Bool { canWrite && putIfAbsent && putIfMatch }
}
