internal import CLinux
internal import Glibc
internal import SyncEngine
internal import SyncModel

/// The root folder, open; every path is resolved from this descriptor and never leaves it (I6).
final class Root: Sendable {
  /// As the user gave it.
  let path: String
  let directory: Descriptor
  let status: FileStatus
  private let hasOpenat2: Bool

  /// - Parameter usesOpenat2: False tries the way for kernels and sandboxes that lack it.
  init(_ path: String, usesOpenat2: Bool = true, kernel: any Kernel = LinuxKernel.shared) throws {
    self.path = path
    let raw = kernel.open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0)
    switch -raw {
    case ENOENT:
      throw RootError(code: .missing, message: "the folder “\(path)” does not exist; create it or mount its volume")
    case ENOTDIR: throw RootError(code: .notDirectory, message: "“\(path)” is not a folder")
    case let code where code > 0:
      throw RootError(
        code: .notUsable,
        message: "cannot open the folder “\(path)”: \(SystemError(code).text); give this user read permission")
    default: break
    }
    directory = Descriptor(owning: raw, of: kernel)
    status = try directory.status()
    let probe = usesOpenat2 ? kernel.openBeneath(raw, ".", clinux_flag_path() | O_DIRECTORY) : -ENOSYS
    if probe >= 0 { kernel.close(probe) }
    hasOpenat2 = probe >= 0
  }

  var kernel: any Kernel { directory.kernel }

  /// Opens a directory without following any link.
  func open(_ path: RelativePath, _ flags: Int32 = clinux_flag_path()) throws -> Descriptor {
    let name = path.isRoot ? "." : path.asLeaf.string
    if hasOpenat2 {
      return Descriptor(owning: try check(kernel.openBeneath(directory.raw, name, flags | O_DIRECTORY)), of: kernel)
    }
    var current = directory
    let components = path.components
    for component in components.dropLast() {
      current = try current.open(component, clinux_flag_path() | O_DIRECTORY)
    }
    return try current.open(components.last ?? ".", flags | O_DIRECTORY)
  }

  /// The directory that holds the entry; its name is the path's last component.
  func openParent(of path: RelativePath) throws -> Descriptor {
    guard let parent = path.parent, !parent.isRoot else { return directory }
    return try open(parent)
  }

  /// Opens the directory, made with its parents where they are missing.
  func makeDirectories(_ path: RelativePath) throws -> Descriptor {
    guard !path.isRoot else { return directory }
    do { return try open(path) } catch let error as SystemError where error.code == ENOENT {}
    var current = directory
    for component in path.components {
      try current.makeDirectory(component, mode: 0o777)
      current = try current.open(component, clinux_flag_path() | O_DIRECTORY)
    }
    return current
  }

  /// The first ancestor that is there but is no directory.
  func leafAncestor(of path: RelativePath) -> RelativePath? {
    for ancestor in path.ancestors.reversed() {
      guard let parent = try? openParent(of: ancestor), let status = try? parent.statusIfPresent(of: ancestor.name)
      else { return nil }
      if status.kind != .directory { return ancestor.asLeaf }
    }
    return nil
  }

  /// Its place in the file system, for messages.
  func name(of path: RelativePath) -> String {
    path.isRoot ? self.path : self.path + (self.path.utf8.last == UInt8(ascii: "/") ? "" : "/") + path.string
  }
}
