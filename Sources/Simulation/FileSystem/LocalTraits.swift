package import SyncModel

/// What kind of system a node runs on.
package struct LocalTraits: Sendable {
  /// Read leases are to be had; without them every row is provisional and contents are compared.
  package var hasLeases = true
  /// Changes announce themselves.
  package var hasWatcher = true
  /// One event in so many is lost, as for a mapped write; 0: none.
  package var lostEvents = 0
  /// Events that wait at most; more are lost and only that is told.
  package var queueLimit = 16_384
  /// One call in so many that needs space finds the disk full; 0: none.
  package var fullDisk = 0
  /// Modification times are kept in steps of so many nanoseconds.
  package var timeStep: Int64 = 1
  /// The mode of every file, where the file system knows none.
  package var fixedMode: UInt32?
  /// `RENAME_EXCHANGE`.
  package var canExchange = true
  /// tmpfs: a store into a mapping changes no stamp.
  package var isMemory = false
  /// Another file system is mounted inside the root.
  package var hasVolume = false
  /// `RENAME_NOREPLACE`.
  package var canRenameWithoutReplacing = true
  /// Of the programs here, and of what they make.
  package var owner = Owner(user: 1000, group: 1000)
  /// Files may be given away.
  package var givesFilesAway = true
  /// `--preserve-owner`.
  package var preservesOwner = false

  package init() {}
}
