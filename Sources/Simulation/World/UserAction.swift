/// What a user may do next.
enum UserAction: CaseIterable {
  case create, overwrite, overwriteUnnoticed, append, truncate, replace, saveLikeVim, rename, renameFolder, delete
  case deleteFolder, makeFolder, removeFolder, changeMode, touch, hardLink, symlink, writeLate, keepOpen, fileToFolder
  case closeFolder, folderToFile, deleteAll, burst, keepLog, keepDatabase, fight, writeMapped

  private var weight: Int {
    switch self {
    case .create: 10
    case .overwrite, .append, .replace, .delete: 5
    case .rename, .saveLikeVim, .renameFolder: 4
    case .folderToFile, .deleteAll, .burst: 1
    case .overwriteUnnoticed, .changeMode, .writeLate, .keepOpen, .makeFolder, .keepLog, .fight, .writeMapped: 2
    case .truncate, .deleteFolder, .removeFolder, .touch, .hardLink, .symlink, .fileToFolder, .closeFolder,
      .keepDatabase:
      1
    }
  }

  static let weighted = allCases.flatMap { Array(repeating: $0, count: $0.weight) }
}

extension SeededGenerator {
  mutating func pickAny<T>(_ choices: [T]) -> T? { choices.isEmpty ? nil : pick(choices) }
}
