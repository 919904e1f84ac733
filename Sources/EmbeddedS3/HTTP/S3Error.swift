import HTTPTypes

/// An error reply of S3: status, code, message, and the elements that some codes add.
struct S3Error: Error {
  var status: HTTPResponse.Status
  var code: String
  var message: String
  var details: [(name: String, value: String)] = []
  var headers: [(name: String, value: String)] = []

  init(
    _ status: HTTPResponse.Status, _ code: String, _ message: String, _ details: [(name: String, value: String)] = []
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.details = details
  }
}

extension S3Error {
  static func noSuchBucket(_ name: String) -> S3Error {
    S3Error(.notFound, "NoSuchBucket", "The specified bucket does not exist", [("BucketName", name)])
  }

  static func bucketAlreadyOwnedByYou(_ name: String) -> S3Error {
    S3Error(
      .conflict, "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.", [("BucketName", name)])
  }

  static func bucketNotEmpty(_ name: String) -> S3Error {
    S3Error(
      .conflict, "BucketNotEmpty", "The bucket you tried to delete is not empty", [("BucketName", name)])
  }

  static func noSuchKey(_ key: ObjectKey, hiddenBy marker: ObjectVersion? = nil) -> S3Error {
    var error = S3Error(.notFound, "NoSuchKey", "The specified key does not exist.", [("Key", key.string)])
    if let marker {
      error.headers = [("x-amz-delete-marker", "true"), ("x-amz-version-id", marker.versionID)]
    }
    return error
  }

  static func noSuchVersion(_ key: ObjectKey, _ versionID: String) -> S3Error {
    S3Error(
      .notFound, "NoSuchVersion", "The specified version does not exist.",
      [("Key", key.string), ("VersionId", versionID)])
  }

  static func methodNotAllowedOnMarker(_ marker: ObjectVersion) -> S3Error {
    var error = S3Error(
      .methodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.",
      [("ResourceType", "DeleteMarker")])
    error.headers = [
      ("x-amz-delete-marker", "true"), ("x-amz-version-id", marker.versionID), ("allow", "DELETE"),
      ("last-modified", S3Date.http(marker.lastModified)),
    ]
    return error
  }

  static func preconditionFailed(_ condition: String) -> S3Error {
    S3Error(
      .preconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold",
      [("Condition", condition)])
  }

  static func conditionalRequestConflict(_ key: ObjectKey) -> S3Error {
    S3Error(
      .conflict, "ConditionalRequestConflict",
      "The conditional request cannot succeed due to a conflicting operation against this resource.",
      [("Key", key.string)])
  }

  static func noSuchUpload(_ id: String) -> S3Error {
    S3Error(
      .notFound, "NoSuchUpload",
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or"
        + " completed.", [("UploadId", id)])
  }

  static func invalidArgument(_ message: String, name: String, value: String) -> S3Error {
    S3Error(.badRequest, "InvalidArgument", message, [("ArgumentName", name), ("ArgumentValue", value)])
  }

  static func invalidRequest(_ message: String) -> S3Error {
    S3Error(.badRequest, "InvalidRequest", message)
  }

  static func notImplemented(_ header: String) -> S3Error {
    S3Error(
      .notImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented",
      [("Header", header)])
  }

  static let malformedXML = S3Error(
    .badRequest, "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema")

  static let methodNotAllowed = S3Error(
    .methodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")

  static let incompleteBody = S3Error(
    .badRequest, "IncompleteBody", "The request body terminated unexpectedly")
}
