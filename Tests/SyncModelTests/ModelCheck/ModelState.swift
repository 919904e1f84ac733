@testable import SyncModel

/// A few bits of a word.
struct Bits {
  let shift: UInt64
  let mask: UInt64

  init(_ shift: UInt64, _ width: UInt64) {
    self.shift = shift
    mask = (1 << width) - 1
  }
}

/// A word of named fields. States are compared and hashed millions of times, so they are a few words each.
protocol Packed {
  var raw: UInt64 { get set }
}

extension Packed {
  subscript(bits: Bits) -> UInt64 {
    get { (raw >> bits.shift) & bits.mask }
    set { raw = raw & ~(bits.mask << bits.shift) | newValue << bits.shift }
  }
}

/// What one node has of one path: the local file, the base row, and what it last saw of either side.
///
/// Contents are numbered from 1; 0 is absence. A stamp is a number of which only equality counts, a last-modified
/// one of which only the order counts; both are renumbered in every state, so that the states are finite.
struct Slot: Packed {
  var raw: UInt64

  static let localContent = Bits(0, 3)
  static let localMode = Bits(3, 1)
  static let localStamp = Bits(4, 2)

  static let hasBase = Bits(6, 1)
  static let baseContent = Bits(7, 3)
  static let baseLocalMode = Bits(10, 1)
  /// As the object carried it; 2 where it carried none; 3 where there was no object.
  static let baseObjectMode = Bits(11, 2)
  static let baseModified = Bits(13, 3)
  static let baseStamp = Bits(16, 2)
  static let isLocalChanged = Bits(18, 1)
  static let isProvisional = Bits(19, 1)

  static let sawLocal = Bits(20, 1)
  static let seenContent = Bits(21, 3)
  static let seenMode = Bits(24, 1)
  static let seenStamp = Bits(25, 2)
  /// The local content was read.
  static let wasRead = Bits(26 + 1, 1)
  static let sawRemote = Bits(28, 1)
  static let seenObject = Bits(29, 3)
  static let seenObjectMode = Bits(32, 2)
  static let seenModified = Bits(34, 3)
  /// By HEAD: the object's mode is known.
  static let wasHeaded = Bits(37, 1)
  /// The loser of the conflict is in safety.
  static let wasKept = Bits(38, 1)
  /// The object was read, or its absence proven.
  static let wasFetched = Bits(39, 1)
  static let seenBelow = Bits(40, 1)
  static let seenDirectory = Bits(41, 1)

  /// Without the local file as it is now: all that a plan depends on.
  var planKey: UInt64 { raw >> 6 }

  static let leftAlone: UInt64 = 3
  /// The row says that only the node has it.
  var isLeftAlone: Bool { self[Self.hasBase] != 0 && self[Self.baseObjectMode] == Self.leftAlone }

  var isIdle: Bool { raw >> 20 == 0 }
  mutating func forgetSight() { raw &= (1 << 20) - 1 }
  mutating func forgetBase() { raw &= ~(((1 << 14) - 1) << 6) }
}

/// What all nodes share: the bucket, and the bookkeeping of the check.
struct Shared: Packed {
  var raw: UInt64

  static let object = [Bits(0, 3), Bits(8, 3)]
  static let objectMode = [Bits(3, 2), Bits(11, 2)]
  static let modified = [Bits(5, 3), Bits(13, 3)]
  /// Sets of contents: in conflict copies; put into the trash because the user asked for that; replaced or
  /// deleted by a user who saw them.
  static let copies = Bits(16, 8)
  static let trashed = Bits(24, 8)
  static let superseded = Bits(32, 8)
  static let nextContent = Bits(40, 3)
  static let userSteps = Bits(43, 4)
  static let faults = Bits(47, 3)

  /// What may be gone from the path.
  var settled: UInt64 { self[Self.copies] | self[Self.trashed] | self[Self.superseded] }

  mutating func add(_ content: UInt64, to set: Bits) {
    if content != 0 { self[set] |= 1 << content }
  }
}

struct ModelState: Hashable {
  var shared: Shared
  /// `node * paths + path`; four at most.
  private var first: UInt64 = 0
  private var second: UInt64 = 0
  private var third: UInt64 = 0
  private var fourth: UInt64 = 0

  init(shared: Shared) { self.shared = shared }

  subscript(slot index: Int) -> Slot {
    get {
      switch index {
      case 0: Slot(raw: first)
      case 1: Slot(raw: second)
      case 2: Slot(raw: third)
      default: Slot(raw: fourth)
      }
    }
    set {
      switch index {
      case 0: first = newValue.raw
      case 1: second = newValue.raw
      case 2: third = newValue.raw
      default: fourth = newValue.raw
      }
    }
  }

  static func == (left: Self, right: Self) -> Bool {
    left.first == right.first && left.second == right.second && left.third == right.third
      && left.fourth == right.fourth && left.shared.raw == right.shared.raw
  }

  func hash(into hasher: inout Hasher) {
    var word = shared.raw
    for next in [first, second] { word = (word ^ next) &* 0x9E37_79B9_7F4A_7C15 ^ word >> 29 }
    if third != 0 || fourth != 0 {
      word = (word ^ third) &* 0xBF58_476D_1CE4_E5B9 ^ word >> 31
      word = (word ^ fourth) &* 0x94D0_49BB_1331_11EB ^ word >> 27
    }
    hasher.combine(word)
  }
}

extension ModelState {
  /// Renumbers stamps within each slot and the last-modified times of each path.
  mutating func normalise(nodes: Int, paths: Int) {
    for path in 0..<paths {
      var used: UInt64 = 0
      let object = Shared.modified[path]
      if shared[Shared.object[path]] != 0 { used |= 1 << shared[object] }
      for node in 0..<nodes {
        let slot = self[slot: node * paths + path]
        if slot[Slot.hasBase] != 0 { used |= 1 << slot[Slot.baseModified] }
        if slot[Slot.seenObject] != 0 { used |= 1 << slot[Slot.seenModified] }
      }
      func rank(_ time: UInt64) -> UInt64 { UInt64((used & ((1 << time) - 1)).nonzeroBitCount) }
      if shared[Shared.object[path]] != 0 { shared[object] = rank(shared[object]) }
      for node in 0..<nodes {
        var slot = self[slot: node * paths + path]
        if slot[Slot.hasBase] != 0 { slot[Slot.baseModified] = rank(slot[Slot.baseModified]) }
        if slot[Slot.seenObject] != 0 { slot[Slot.seenModified] = rank(slot[Slot.seenModified]) }
        slot.renumberStamps()
        self[slot: node * paths + path] = slot
      }
    }
  }
}

extension Slot {
  /// A stamp that no version of this slot has; valid until the slot is renumbered.
  static let freshStamp: UInt64 = 3

  fileprivate mutating func renumberStamps() {
    var next: UInt64 = 0
    var local: UInt64 = 0
    var base: UInt64 = 0
    let (oldLocal, oldBase, oldSeen) = (self[Self.localStamp], self[Self.baseStamp], self[Self.seenStamp])
    let hasLocal = self[Self.localContent] != 0
    if hasLocal { next = 1 }
    self[Self.localStamp] = local
    if self[Self.hasBase] != 0 {
      base = hasLocal && oldBase == oldLocal ? local : next
      if base == next { next += 1 }
      self[Self.baseStamp] = base
    }
    if self[Self.seenContent] != 0 {
      let isLocal = hasLocal && oldSeen == oldLocal
      let isBase = self[Self.hasBase] != 0 && oldSeen == oldBase
      local = isLocal ? local : isBase ? base : next
      self[Self.seenStamp] = local
    }
  }
}
