/// Why a folder cannot be opened as the root.
package struct RootError: Error, CustomStringConvertible {
  package struct Code: Hashable, Sendable {
    private enum Value: Hashable { case missing, notDirectory, notUsable, inUse }
    private var value: Value

    package static let missing = Code(value: .missing)
    package static let notDirectory = Code(value: .notDirectory)
    /// Its state folder cannot be made or written.
    package static let notUsable = Code(value: .notUsable)
    /// Another instance syncs this folder with the same prefix.
    package static let inUse = Code(value: .inUse)
  }

  package var code: Code
  /// Names the folder and says what to do.
  package var message: String
  package var description: String { message }
}
