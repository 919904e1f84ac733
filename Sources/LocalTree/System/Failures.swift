internal import SyncEngine

/// Gives failed system calls the path at which they failed; other errors pass.
func reportingFailures<Value>(at path: String, _ body: () throws -> Value) throws -> Value {
  do { return try body() } catch let error as SystemError { throw LocalFailure(error, at: path) }
}
