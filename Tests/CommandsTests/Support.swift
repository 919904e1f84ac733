import ArgumentParser
import Glibc
import NIOConcurrencyHelpers
import SyncModel
import Testing

@testable import Commands
@testable import Martlet
@testable import SyncEngine

/// A folder of its own, removed with everything in it.
final class ScratchFolder: Sendable {
  let path: String

  init(below parent: String = "/tmp") throws {
    var template = Array("\(parent)/martlet-commands-XXXXXX".utf8CString)
    path = try #require(mkdtemp(&template).map { String(cString: $0) })
  }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    if unlink(path) == 0 { return }
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { remove(path + "/" + name) }
      }
      closedir(folder)
    }
    rmdir(path)
  }
}

/// The parser takes a fifth of a second in a debug build, so no line is parsed twice.
enum Parsed {
  private static let options = NIOLockedValueBox<[[String]: SyncOptions]>([:])

  static func options(_ arguments: [String]) throws -> SyncOptions {
    if let known = options.withLockedValue({ $0[arguments] }) { return known }
    let parsed = try SyncOptions.parse(arguments)
    options.withLockedValue { $0[arguments] = parsed }
    return parsed
  }
}

func invocation(_ arguments: [String], _ environment: [String: String] = [:]) throws -> SyncInvocation {
  try SyncInvocation(Parsed.options(arguments), environment: environment)
}

func problems(_ arguments: [String], _ environment: [String: String] = [:]) throws -> [String] {
  do {
    _ = try SyncInvocation(Parsed.options(arguments), environment: environment)
    return []
  } catch let error as UsageError {
    return error.problems
  }
}

func transfer(_ number: UInt64, _ path: String, size: Int64, _ direction: Transfer.Direction = .upload) -> Transfer {
  Transfer(id: Transfer.ID(number), path: RelativePath(unchecked: path), direction: direction, size: size)
}

let second: Int64 = 1_000_000_000
