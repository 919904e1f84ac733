import CLinux
import Foundation

// What the user does, with real system calls. Every action tells the ledger what it gave up, going by the very file
// that it had open: what stands at a name may be exchanged at any moment.

extension TortureUser {
  // MARK: New files

  func create() { create(newName(), size: smallSize()) }

  func createLarge() {
    guard generator.oneIn(4), habits.largest > 9 << 20 else { return create() }
    let large = files().filter { size($0) > 8 << 20 }
    // A handful of them, replaced in turns.
    if large.count >= 3, let path = generator.pick(large) {
      overwrite(path, size: 8 << 20 + 1 + generator.below(habits.largest - 8 << 20))
    } else {
      create(newName(), size: (8 << 20) + 1 + generator.below(habits.largest - (8 << 20)))
    }
  }

  @discardableResult
  func create(_ path: String, size: Int) -> Bool {
    makeParents(of: path)
    let file = Foundation.open(absolute(path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else { return false }
    var content = GrowingContent()
    write(newBytes(size), to: file, &content)
    close(file)
    ledger.completes(content.id, at: path, name, "created")
    return true
  }

  /// In steps, with pauses now and then; what stands after each is a passing content.
  private func write(_ bytes: [UInt8], to file: Int32, _ content: inout GrowingContent) {
    let isSlow = generator.oneIn(5)
    let step = isSlow ? max(1, bytes.count / (2 + generator.below(4))) : max(bytes.count, 1)
    var offset = 0
    while offset < bytes.count {
      let end = min(bytes.count, offset + min(step, 1 << 20))
      let piece = Array(bytes[offset..<end])
      let count = piece.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      guard count == piece.count else { break }
      content.append(piece)
      ledger.passes(content.id)
      offset = end
      if isSlow { usleep(UInt32(generator.below(60_000))) }
    }
  }

  // MARK: Changes in place

  /// Opens a file for writing and tells what it held.
  private func change(
    _ path: String?, _ how: String, _ body: (Int32, inout GrowingContent) -> Void
  ) {
    guard let path else { return }
    let file = Foundation.open(absolute(path), O_RDWR | O_NOFOLLOW | O_CLOEXEC)
    guard file >= 0, var content = GrowingContent(reading: file) else { return }
    let before = content.id
    lseek(file, 0, SEEK_END)
    body(file, &content)
    let after = ContentID(reading: file) ?? content.id
    if after != before {
      ledger.supersedes(before, at: path, name, how)
      ledger.completes(after, at: path, name, how)
    }
    close(file)
  }

  func overwrite(_ files: [String]) {
    if let path = generator.pick(files) { overwrite(path, size: smallSize()) }
  }

  func overwrite(_ path: String, size: Int) {
    change(path, "overwrote") { file, content in
      ftruncate(file, 0)
      lseek(file, 0, SEEK_SET)
      if generator.oneIn(4) { usleep(UInt32(generator.below(30_000))) }
      content = GrowingContent()
      write(newBytes(size), to: file, &content)
    }
  }

  func append(_ files: [String]) {
    change(generator.pick(files), "appended to") { file, content in write(newBytes(smallSize()), to: file, &content) }
  }

  func truncate(_ files: [String]) {
    change(generator.pick(files), "truncated") { file, content in
      let size = lseek(file, 0, SEEK_END)
      ftruncate(file, size / 2)
    }
  }

  /// A few bytes in the middle, in one call.
  func patch(_ files: [String]) {
    change(generator.pick(files), "patched") { file, _ in
      let bytes = newBytes(40)
      _ = bytes.withUnsafeBytes {
        pwrite(file, $0.baseAddress, $0.count, off_t(generator.below(Int(max(1, lseek(file, 0, SEEK_END))))))
      }
    }
  }

  func writeThroughMapping(_ files: [String]) {
    change(generator.pick(files), "wrote through a mapping of") { file, _ in
      guard let (mapping, length) = map(file) else { return }
      store(newBytes(30), in: mapping, length)
      munmap(mapping, length)
    }
  }

  private func map(_ file: Int32) -> (UnsafeMutableRawPointer, Int)? {
    let length = Int(lseek(file, 0, SEEK_END))
    guard length > 0 else { return nil }
    let mapping = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
    return mapping == MAP_FAILED ? nil : mapping.map { ($0, length) }
  }

  private func store(_ bytes: [UInt8], in mapping: UnsafeMutableRawPointer, _ length: Int) {
    let count = min(bytes.count, length)
    let offset = generator.below(length - count + 1)
    bytes.withUnsafeBytes { mapping.advanced(by: offset).copyMemory(from: $0.baseAddress!, byteCount: count) }
  }

  // MARK: Files held open

  func holdOpen(_ files: [String]) { hold(files, isMapped: false) }
  func holdMapping(_ files: [String]) { hold(files.filter { size($0) > 0 && size($0) < 1 << 20 }, isMapped: true) }

  private func hold(_ files: [String], isMapped: Bool) {
    guard open.count < 4, let path = generator.pick(files) else { return }
    let file = Foundation.open(absolute(path), O_RDWR | O_NOFOLLOW | O_CLOEXEC)
    var status = stat()
    guard file >= 0, fstat(file, &status) == 0 else { return }
    var held = OpenFile(path: path, file: file, inode: status.st_ino, stepsLeft: 2 + generator.below(8))
    if isMapped, let (mapping, length) = map(file) {
      held.mapping = mapping
      held.length = length
    }
    lseek(file, 0, SEEK_END)
    open.append(held)
    goOn(open.count - 1)
  }

  /// One more write to a file that is held; what stood before is given up, what stands now counts.
  func goOn(_ index: Int) {
    let held = open[index]
    guard held.stepsLeft > 0 else { return finish(index) }
    open[index].stepsLeft -= 1
    guard let before = ContentID(reading: held.file) else { return finish(index) }
    if let mapping = held.mapping {
      store(newBytes(20), in: mapping, held.length)
    } else {
      let bytes = newBytes(10 + generator.below(200))
      _ = bytes.withUnsafeBytes { Foundation.write(held.file, $0.baseAddress, $0.count) }
    }
    guard let after = ContentID(reading: held.file), after != before else { return }
    ledger.supersedes(before, at: held.path, name, "wrote to the open file")
    ledger.completes(after, at: held.path, name, "wrote to the open file")
  }

  func finish(_ index: Int) {
    let held = open.remove(at: index)
    if let mapping = held.mapping { munmap(mapping, held.length) }
    close(held.file)
    ledger.note(name, "closed \(held.path)", paths: [held.path])
  }

  // MARK: Names

  func renameOver(_ files: [String]) {
    guard let target = generator.pick(files) else { return }
    serial += 1
    let aside = "\(target).new-\(name)-\(serial)"
    guard create(aside, size: smallSize()) else { return }
    if generator.oneIn(3) { usleep(UInt32(generator.below(400_000))) }
    displacing(target, "renamed \(aside) over") { Foundation.rename(absolute(aside), absolute(target)) == 0 }
    ledger.moves(aside, to: target, name)
  }

  func saveLikeVim(_ files: [String]) {
    guard let path = generator.pick(files), move(path, to: path + "~") else { return }
    if generator.oneIn(3) { usleep(UInt32(generator.below(30_000))) }
    if !create(path, size: smallSize()) { overwrite(path, size: smallSize()) }
    if generator.oneIn(3) { usleep(UInt32(generator.below(30_000))) }
    delete(path + "~")
  }

  func rename(_ files: [String]) {
    guard let path = generator.pick(files) else { return }
    let target = newName()
    makeParents(of: target)
    move(path, to: target)
  }

  func renameFolder() {
    guard let folder = generator.pick(folders()) else { return }
    let target = newFolderName()
    guard target != folder, !target.hasPrefix(folder + "/") else { return }
    makeParents(of: target)
    move(folder, to: target)
  }

  @discardableResult
  private func move(_ path: String, to target: String) -> Bool {
    let moved = clinux_rename_no_replace(AT_FDCWD, absolute(path), AT_FDCWD, absolute(target)) >= 0
    if moved { ledger.moves(path, to: target, name) }
    return moved
  }

  func hardLink(_ files: [String]) {
    guard let path = generator.pick(files) else { return }
    let target = newName()
    makeParents(of: target)
    if Foundation.link(absolute(path), absolute(target)) == 0 { ledger.moves(path, to: target, name) }
  }

  func makeSymbolicLink() {
    let path = newName()
    makeParents(of: path)
    let target = "f\(generator.below(30))"
    var content = GrowingContent()
    content.append(Array(target.utf8))
    ledger.passes(content.id)
    symlink(target, absolute(path))
  }

  func makeFolder() {
    let path = newFolderName()
    makeParents(of: path + "/x")
  }

  func fileToFolder(_ files: [String]) {
    guard habits.makesFoldersOfFiles, generator.oneIn(3), let path = generator.pick(files) else { return }
    delete(path)
    if generator.oneIn(2) { usleep(UInt32(generator.below(30_000))) }
    create(path + "/inner", size: smallSize())
  }

  // MARK: Deletions

  func delete(_ files: [String]) { if let path = generator.pick(files) { delete(path) } }

  func delete(_ path: String) {
    displacing(path, "deleted") { unlink(absolute(path)) == 0 }
  }

  func deleteFolder() {
    guard let folder = generator.pick(folders()) else { return }
    let inside = entries(below: folder)
    let held = Set(open.map(\.inode))
    guard inside.count(where: { $0.kind == S_IFREG }) <= 15, !inside.contains(where: { held.contains($0.inode) })
    else { return }
    for entry in inside where entry.kind != S_IFDIR { delete(entry.path) }
    for entry in inside.reversed() where entry.kind == S_IFDIR { rmdir(absolute(entry.path)) }
    rmdir(absolute(folder))
  }

  /// Takes the file at a name away and finds out which one it was: the one that was seen lost a name.
  private func displacing(_ path: String, _ how: String, _ body: () -> Bool) {
    let file = Foundation.open(absolute(path), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard file >= 0 else {
      // A symbolic link, or nothing: whatever comes there in this moment is taken away unseen.
      if errno == ELOOP || errno == ENOENT, body() { ledger.unseen(at: path, name, how) }
      return
    }
    defer { close(file) }
    var (before, after) = (stat(), stat())
    guard let content = ContentID(reading: file), fstat(file, &before) == 0 else { return }
    guard body(), fstat(file, &after) == 0 else { return }
    guard after.st_nlink < before.st_nlink else {
      ledger.unseen(at: path, name, how)
      return
    }
    if entries(below: "").contains(where: { $0.inode == after.st_ino }) {
      ledger.note(name, "\(how) \(path), one of several names of", [content], paths: [path])
    } else {
      ledger.supersedes(content, at: path, name, how)
    }
  }

  // MARK: Metadata

  func changeMode(_ files: [String]) {
    guard let path = generator.pick(files), size(path) <= habits.largestTouched else { return }
    chmod(absolute(path), generator.pick([0o600, 0o640, 0o644, 0o755]) ?? 0o644)
  }

  func touch(_ files: [String]) {
    guard let path = generator.pick(files), size(path) <= habits.largestTouched else { return }
    var times = [timespec(tv_sec: 1_700_000_000 + generator.below(1000), tv_nsec: 5000), timespec()]
    times[1] = times[0]
    utimensat(AT_FDCWD, absolute(path), &times, AT_SYMLINK_NOFOLLOW)
  }

  private func size(_ path: String) -> Int64 {
    var status = stat()
    return lstat(absolute(path), &status) == 0 ? Int64(status.st_size) : 0
  }
}
