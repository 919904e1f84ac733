internal import AWSKit

/// Reads what arrives in a queue: records of S3 as they are, in an envelope of SNS, or as events of EventBridge.
/// Sources: "Event message structure" and "EventBridge event message structure" in the S3 user guide, "Parsing message
/// formats" in that of SNS.
///
/// `sequencer` is not read: hints are looked after, so their order does not matter.
package enum EventDecoder {
  package static func decode(_ body: String) -> DecodedMessage {
    var message = DecodedMessage()
    guard let document = JSONValue(parsing: body.utf8) else {
      message.unknown = 1
      return message
    }
    decode(document, depth: 0, into: &message)
    return message
  }

  /// An envelope in an envelope is what a topic makes that another one feeds; more are somebody's joke.
  private static let deepestEnvelope = 3

  private static func decode(_ document: JSONValue, depth: Int, into message: inout DecodedMessage) {
    if let records = document["Records"]?.array {
      for record in records { take(event(record), &message) }
    } else if document["Type"]?.string == "Notification", let inner = document["Message"]?.string,
      depth < deepestEnvelope, let content = JSONValue(parsing: inner.utf8)
    {
      decode(content, depth: depth + 1, into: &message)
    } else if document["source"]?.string == "aws.s3", document["detail"] != nil {
      take(bridgedEvent(document), &message)
    } else if document["Event"]?.string == "s3:TestEvent" {
      // S3 sends one to every new destination.
      message.ignored += 1
    } else {
      message.unknown += 1
    }
  }

  private enum Reading {
    case events([ObjectEvent])
    case ignored
    case unknown
  }

  private static func take(_ reading: Reading, _ message: inout DecodedMessage) {
    switch reading {
    case .events(let events): message.events += events
    case .ignored: message.ignored += 1
    case .unknown: message.unknown += 1
    }
  }

  // MARK: Records of S3

  private static func event(_ record: JSONValue) -> Reading {
    guard let name = record["eventName"]?.string, let object = record["s3"]?["object"],
      let bucket = record["s3"]?["bucket"]?["name"]?.string, let encoded = object["key"]?.string,
      let key = decodedKey(encoded)
    else { return .unknown }
    guard let kind = kind(ofRecord: name) else { return .ignored }
    return .events([
      ObjectEvent(kind, bucket: bucket, key: key, etag: etag(object), versionID: version(object["versionId"]))
    ])
  }

  private static func kind(ofRecord name: String) -> ObjectEvent.Kind? {
    // Records have no `s3:`, configurations do.
    let name = name.hasPrefix("s3:") ? name.dropFirst("s3:".count) : name[...]
    if name == "ObjectCreated:Copy" { return .copied }
    if name.hasPrefix("ObjectCreated:") { return .written }
    if name.hasPrefix("ObjectRemoved:") || name.hasPrefix("LifecycleExpiration:") { return .removed }
    return name.hasPrefix("ObjectRestore:") ? .restored : nil
  }

  /// Keys are encoded by form rules; some servers write a blank as `%20` and a slash as `%2F`. What cannot be decoded
  /// is taken as it is.
  private static func decodedKey(_ encoded: String) -> String? {
    guard !encoded.isEmpty else { return nil }
    guard let bytes = URIEncoding.decode(encoded.utf8, plusIsBlank: true) else { return encoded }
    return String(validating: bytes, as: UTF8.self)
  }

  // MARK: Events of EventBridge

  private static func bridgedEvent(_ document: JSONValue) -> Reading {
    guard let type = document["detail-type"]?.string, let detail = document["detail"], let object = detail["object"],
      let bucket = detail["bucket"]?["name"]?.string, let key = object["key"]?.string, !key.isEmpty
    else { return .unknown }
    let kind: ObjectEvent.Kind
    switch type {
    case "Object Created": kind = detail["reason"]?.string == "CopyObject" ? .copied : .written
    case "Object Deleted": kind = .removed
    case "Object Restore Initiated", "Object Restore Completed", "Object Restore Expired": kind = .restored
    default: return type.hasPrefix("Object ") ? .ignored : .unknown
    }
    return .events(
      possibleKeys(key).map {
        ObjectEvent(kind, bucket: bucket, key: $0, etag: etag(object), versionID: version(object["version-id"]))
      })
  }

  /// S3 does not encode them here; LocalStack does. Who looks at both finds the one that is meant.
  private static func possibleKeys(_ key: String) -> [String] {
    guard key.utf8.contains(UInt8(ascii: "%")), let bytes = URIEncoding.decode(key.utf8, plusIsBlank: false),
      let decoded = String(validating: bytes, as: UTF8.self), !decoded.utf8.elementsEqual(key.utf8)
    else { return [key] }
    return [key, decoded]
  }

  private static func etag(_ object: JSONValue) -> String? {
    guard let text = (object["eTag"] ?? object["etag"])?.string, !text.isEmpty else { return nil }
    return ETag.normalised(text)
  }

  /// Buckets without versions have none, or `null`.
  private static func version(_ value: JSONValue?) -> String? {
    value?.string.flatMap { $0.isEmpty || $0 == "null" ? nil : $0 }
  }
}
