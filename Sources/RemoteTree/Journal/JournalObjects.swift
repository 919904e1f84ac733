package import AWSKit
internal import Checksums
internal import NIOCore
internal import SyncEngine
package import SyncModel

/// The entries of a prefix's journal as objects: one for each number, of zero bytes and with a name that ends in a
/// slash, which other tools take for the marker of a folder and pass over. What an entry says is its user metadata.
///
/// Objects of other names are left alone. Each request is sent once; what failed is for `JournalMachine` to repeat.
package struct JournalObjects: Sendable {
  /// What became of an entry that was to be created.
  package enum Outcome: Hashable, Sendable {
    case done
    /// The number is taken.
    case refused
    /// It was not written, or nobody knows.
    case failed(String)
  }

  private let client: S3Client
  private let bucket: String
  /// Ends in a slash.
  package let folder: String
  private let protection: [ObjectSettings.Field]

  /// Name of the metadata; S3 takes 2 KB of it (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html).
  static let field = "martlet-journal"
  /// Bytes of an entry's places; with base64, name and writer less than 2,048.
  static let longestNews = 1440
  /// Leads an entry; others are not understood.
  private static let version = "1"
  /// Decimal, so that names ascend with the numbers.
  private static let digits = 16

  /// - Parameters:
  ///   - folder: of the entries; nil: below the prefix.
  ///   - patience: for one request.
  package init(
    client: S3Client, location: S3Location, folder: String?, capabilities: ServerCapabilities,
    settings: ObjectSettings, patience: Duration
  ) {
    self.client = capabilities.configured(client).besideTransfers(patience: patience, attempts: 1)
    bucket = location.bucket
    self.folder =
      folder.map { S3Location(bucket: "", prefix: $0).prefix } ?? Self.standardFolder(of: location)
    protection = settings.protection
  }

  private static func standardFolder(of location: S3Location) -> String {
    "\(location.prefix)\(ReservedNames.state)/journal/"
  }

  package func key(_ number: Int64) -> String {
    let digits = String(number)
    return folder + String(repeating: "0", count: max(0, Self.digits - digits.count)) + digits + "/"
  }

  /// Nil for objects that are no entries.
  private func number(_ object: S3ListPage.Object) -> Int64? {
    let name = object.key.utf8.dropFirst(folder.utf8.count)
    guard object.key.utf8.starts(with: folder.utf8), object.size == 0, name.count == Self.digits + 1,
      name.last == UInt8(ascii: "/"), name.dropLast().allSatisfy({ (48...57).contains($0) }),
      let number = Int64(String(name.dropLast()) ?? ""), number > 0
    else { return nil }
    return number
  }

  /// Nil: there is none. Throws `RemoteFailure`.
  package func read(_ number: Int64) async throws -> JournalEntry? {
    let key = key(number)
    do {
      let head = try await client.headObject(bucket: bucket, key: key)
      return Self.entry(head.metadata[Self.field])
    } catch let error as S3Error where error.kind == .noSuchKey {
      return nil
    } catch let error as S3Error {
      throw RemoteFailure(error, of: .read, bucket: bucket, key: key)
    }
  }

  /// Throws only `CancellationError`.
  package func append(_ number: Int64, _ entry: JournalEntry) async throws -> Outcome {
    let key = key(number)
    do {
      _ = try await client.putObject(
        bucket: bucket, key: key, body: .bytes(ByteBuffer()),
        headers: S3ObjectHeaders(metadata: [Self.field: Self.text(entry)], additional: protection),
        condition: .ifAbsent, retry: .never)
      return .done
    } catch let error as S3Error {
      switch error.kind {
      // Where several write at once S3 answers 409 to all but one.
      case .preconditionFailed, .conditionalRequestConflict: return .refused
      default: return .failed(RemoteFailure(error, of: .prepare, bucket: bucket, key: key).message)
      }
    } catch let error where !(error is CancellationError) {
      return .failed("\(error)")
    }
  }

  /// The numbers from this one on. Throws `RemoteFailure`.
  package func list(from number: Int64) async throws -> JournalListing {
    var listing = JournalListing()
    try await pages(after: number > 1 ? key(number - 1) : nil) { page in
      for object in page.objects {
        guard let number = self.number(object) else { continue }
        listing.insert(JournalListing.Item(number: number, lastModified: Timestamp(object.lastModified)))
      }
      return true
    }
    return listing
  }

  /// Removes the entries below the number whose successors are older than this, by the server's clock: so what once
  /// was the last entry stays as long after another one has come.
  ///
  /// Throws `RemoteFailure`.
  /// - Parameter age: nanoseconds.
  /// - Returns: how many.
  package func collect(below limit: Int64, age: Int64) async throws -> Int {
    var count = 0
    try await pages(after: nil) { page in
      // Without a clock of the server the newest that it shows is surely not later.
      guard let now = page.date ?? page.objects.map(\.lastModified).max() else { return false }
      let entries = page.objects.filter { self.number($0) != nil }
      let old = zip(entries, entries.dropFirst()).filter { entry, next in
        self.number(entry)! < limit && now.seconds - next.lastModified.seconds > age / 1_000_000_000
      }.map(\.0)
      if !old.isEmpty {
        let result = try await client.deleteObjects(bucket: bucket, objects: old.map { S3ObjectToDelete(key: $0.key) })
        if let failure = result.failures.first { throw failure.error }
      }
      count += old.count
      return old.count == entries.count - 1
    }
    return count
  }

  private func pages(after start: String?, _ take: (S3ListPage) async throws -> Bool) async throws {
    var token: String?
    do {
      repeat {
        let page = try await client.listObjectsV2(
          bucket: bucket, prefix: folder, startAfter: token == nil ? start : nil, continuationToken: token)
        guard try await take(page), page.isTruncated, page.nextContinuationToken != token else { return }
        token = page.nextContinuationToken
      } while token != nil
    } catch let error as S3Error {
      let call: RemoteCall = error.operation.hasPrefix("Delete") ? .tidy : .list
      throw RemoteFailure(error, of: call, bucket: bucket, key: folder)
    }
  }

  // MARK: What an entry says

  static func text(_ entry: JournalEntry) -> String {
    "\(version) \(entry.writer) \(Base64.encode(entry.packed(limit: longestNews)))"
  }

  /// Of a later version, or somebody else's: anything may have changed.
  static func entry(_ text: String?) -> JournalEntry {
    let words = (text ?? "").split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, words[0] == version, !words[1].isEmpty, let bytes = Base64.decode(String(words[2])),
      let entry = JournalEntry(writer: String(words[1]), packed: bytes)
    else { return .unreadable }
    return entry
  }
}

extension ServerCapabilities {
  /// Why no entries can be written; nil: they can.
  package var journalProblem: String? {
    if !canWrite { return "nothing may be written to the bucket" }
    if !putIfAbsent { return "the server ignores If-None-Match, so that nodes would overwrite each other's entries" }
    if !markers { return "the server keeps no objects whose names end in a slash" }
    return nil
  }
}
