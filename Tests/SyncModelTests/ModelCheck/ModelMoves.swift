@testable import SyncModel

/// One step of the world, as it is written into a trace.
struct ModelMove: Hashable, CustomStringConvertible {
  enum Kind: UInt8 {
    // A user or another program.
    case write, delete, chmod, touch, revert, move, exchange, makeFolder, removeFolder, foreignPut, foreignDelete
    // A node looks.
    case lookLocal, lookRemote, assumeRemote, refreshLocal, refreshRemote, read, head, fetch, prove
    // A node changes something.
    case keep, adoptEqual, adopt, forget, upload, uploadMetadata, install, applyMetadata
    case deleteLocal, deleteRemote, yield
    case makeDirectory, removeDirectory, putMarker, deleteMarker
    // Something goes wrong.
    case lostReply, crashBeforeRow, busy, falseAbsence
  }

  var kind: Kind
  var node = 0
  var path = 0

  /// Leaves the files, the bucket and the rows as they are.
  var onlyLooks: Bool { kind.rawValue >= Kind.lookLocal.rawValue && kind.rawValue <= Kind.prove.rawValue }

  var description: String {
    switch kind {
    case .foreignPut, .foreignDelete: "\(kind) \(path)"
    default: "node \(node): \(kind) \(path)"
    }
  }
}

/// All steps that are possible in a state.
struct ModelMoves {
  let scope: ModelScope
  var cache: PlanCache
  let nodes: Int
  let paths: Int

  init(_ scope: ModelScope, _ planner: PlannerUnderTest) {
    self.scope = scope
    cache = PlanCache(scope, planner)
    nodes = scope.nodes
    paths = scope.paths.count
  }

  typealias Emit = (ModelMove, ModelState) -> Void

  /// A slot that is about to do what its look does not bear out (I2).
  mutating func blindSlot(in state: ModelState) -> Int? {
    (0..<nodes * paths).first { index in
      let slot = state[slot: index]
      guard slot[Slot.sawLocal] != 0, slot[Slot.sawRemote] != 0 else { return false }
      return cache.plan(slot, path: index % paths, node: index / paths).isBlind
    }
  }

  /// What a node would do after a fresh look at both sides.
  mutating func planAfterLook(_ state: ModelState, _ index: Int) -> ModelPlan {
    var slot = state[slot: index]
    lookLocal(state, &slot, index / paths, index % paths)
    lookRemote(state, &slot, index % paths, head: false)
    return cache.plan(slot, path: index % paths, node: index / paths)
  }

  mutating func forEachMove(from state: ModelState, _ emit: Emit) {
    for node in 0..<nodes {
      for path in 0..<paths {
        nodeMoves(state, node, path, emit)
        if state.shared[Shared.userSteps] == 0 { continue }
        if scope.hasFolder, path == 0 {
          folderUserMoves(state, node, emit)
        } else {
          userMoves(state, node, path, emit)
        }
      }
    }
    if state.shared[Shared.userSteps] > 0 {
      for path in 0..<paths { foreignMoves(state, path, emit) }
    }
  }

  /// The state with the slot as it is after a step; a node whose plan is empty has nothing more in mind.
  mutating func emit(
    _ kind: ModelMove.Kind, _ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, _ emit: Emit
  ) {
    var slot = slot
    if slot[Slot.sawLocal] != 0, slot[Slot.sawRemote] != 0 {
      let plan = cache.plan(slot, path: path, node: node)
      if plan.kind == nil && !plan.isBlind || plan.kind == .blocked { slot.forgetSight() }
    }
    var next = state
    next[slot: node * paths + path] = slot
    next.normalise(nodes: nodes, paths: paths)
    emit(ModelMove(kind: kind, node: node, path: path), next)
  }
}

// Looks.
extension ModelMoves {
  /// The local look of a slot as it is now.
  func lookLocal(_ state: ModelState, _ slot: inout Slot, _ node: Int, _ path: Int) {
    slot[Slot.sawLocal] = 1
    slot[Slot.seenContent] = slot[Slot.localContent]
    slot[Slot.seenMode] = slot[Slot.localMode]
    slot[Slot.seenStamp] = slot[Slot.localStamp]
    slot[Slot.wasRead] = 0
    slot[Slot.wasKept] = 0
    slot[Slot.wasFetched] = 0
    slot[Slot.seenDirectory] =
      paths == 2 && (scope.hasClash || scope.hasFolder) && path == 0
        && state[slot: node * paths + 1][Slot.localContent] != 0 ? 1 : 0
  }

  func lookRemote(_ state: ModelState, _ slot: inout Slot, _ path: Int, head: Bool) {
    var object = state.shared[Shared.object[path]]
    if scope.hasFolder, path == 0, object == 0, state.shared[Shared.object[1]] != 0 { object = Slot.implied }
    slot[Slot.sawRemote] = 1
    slot[Slot.seenObject] = object
    slot[Slot.seenModified] = object == 0 ? 0 : state.shared[Shared.modified[path]]
    slot[Slot.wasHeaded] = head && object != 0 ? 1 : 0
    slot[Slot.seenObjectMode] = head && object != 0 ? state.shared[Shared.objectMode[path]] : 0
    slot[Slot.wasFetched] = 0
    if !head { slot[Slot.seenBelow] = hasBelow(state, path) }
  }

  private func hasBelow(_ state: ModelState, _ path: Int) -> UInt64 {
    scope.hasClash && path == 0 && state.shared[Shared.object[1]] != 0 ? 1 : 0
  }

  private func isLocalAsSeen(_ slot: Slot) -> Bool {
    slot[Slot.localContent] == slot[Slot.seenContent]
      && (slot[Slot.localContent] == 0 || slot[Slot.localStamp] == slot[Slot.seenStamp])
  }

  private mutating func nodeMoves(_ state: ModelState, _ node: Int, _ path: Int, _ emit: Emit) {
    let slot = state[slot: node * paths + path]
    if slot[Slot.sawLocal] != 0, slot[Slot.sawRemote] != 0 {
      execute(cache.plan(slot, path: path, node: node), state, slot, node, path, emit)
      return
    }
    if scope.looksAtOnce {
      var next = slot
      lookLocal(state, &next, node, path)
      lookRemote(state, &next, path, head: false)
      return self.emit(.lookLocal, state, next, node, path, emit)
    }
    if slot[Slot.sawLocal] == 0 {
      var next = slot
      lookLocal(state, &next, node, path)
      self.emit(.lookLocal, state, next, node, path, emit)
    } else {
      // A hint names one side: the other is taken to be what the base says.
      var next = slot
      next[Slot.sawRemote] = 1
      let isKnown = slot[Slot.hasBase] != 0 && !slot.isLeftAlone
      next[Slot.seenObject] = isKnown ? slot[Slot.baseContent] : 0
      next[Slot.seenModified] = isKnown ? slot[Slot.baseModified] : 0
      self.emit(.assumeRemote, state, next, node, path, emit)
    }
    if slot[Slot.sawRemote] == 0 {
      var next = slot
      lookRemote(state, &next, path, head: false)
      self.emit(.lookRemote, state, next, node, path, emit)
      if state.shared[Shared.faults] > 0, next[Slot.seenObject] != 0 {
        // A page that lacks what is there.
        var world = state
        world.shared[Shared.faults] -= 1
        next[Slot.seenObject] = 0
        next[Slot.seenModified] = 0
        self.emit(.falseAbsence, world, next, node, path, emit)
      }
    }
  }
}

// What a node does about its plan.
extension ModelMoves {
  mutating func refreshLocal(_ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, _ emit: Emit) {
    var next = slot
    lookLocal(state, &next, node, path)
    self.emit(.refreshLocal, state, next, node, path, emit)
  }

  mutating func refreshRemote(
    _ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, as kind: ModelMove.Kind = .refreshRemote, _ emit: Emit
  ) {
    var next = slot
    lookRemote(state, &next, path, head: true)
    next[Slot.wasKept] = 0
    self.emit(kind, state, next, node, path, emit)
  }

  private mutating func execute(
    _ plan: ModelPlan, _ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, _ emit: Emit
  ) {
    switch plan.kind {
    case nil, .blocked:
      // Another path's commit wrote the row meanwhile.
      var next = slot
      next.forgetSight()
      self.emit(.refreshLocal, state, next, node, path, emit)
    case .makeDirectory, .removeDirectory, .putMarker, .deleteMarker: executeFolder(plan, state, slot, node, emit)
    case .adopt where scope.hasFolder && path == 0: executeFolder(plan, state, slot, node, emit)
    case .inspectLocal:
      guard isLocalAsSeen(slot) else { return refreshLocal(state, slot, node, path, emit) }
      var next = slot
      next[Slot.wasRead] = 1
      self.emit(.read, state, next, node, path, emit)
    case .inspectRemote: refreshRemote(state, slot, node, path, as: .head, emit)
    case .compare: compare(plan, state, slot, node, path, emit)
    case .adopt:
      var next = slot
      next[Slot.baseLocalMode] = slot[Slot.seenMode]
      next[Slot.baseStamp] = slot[Slot.seenStamp]
      next[Slot.baseModified] = slot[Slot.seenModified]
      if slot[Slot.wasHeaded] != 0 { next[Slot.baseObjectMode] = slot[Slot.seenObjectMode] }
      next[Slot.isLocalChanged] = 0
      next[Slot.isProvisional] = 0
      next.forgetSight()
      self.emit(.adopt, state, next, node, path, emit)
    case .forget:
      var next = slot
      next.forgetBase()
      next.forgetSight()
      self.emit(.forget, state, next, node, path, emit)
    case .upload: upload(creates: plan.creates, state, slot, node, path, emit)
    case .uploadMetadata: uploadMetadata(state, slot, node, path, emit)
    case .download: download(plan, state, slot, node, path, toTrash: false, emit)
    case .applyMetadata:
      guard isLocalAsSeen(slot) else { return refreshLocal(state, slot, node, path, emit) }
      var next = slot
      next[Slot.localMode] = plan.mode
      next[Slot.localStamp] = Slot.freshStamp
      next.record(content: slot[Slot.baseContent], mode: plan.rowMode, stamp: Slot.freshStamp, objectOf: slot)
      next.forgetSight()
      self.emit(.applyMetadata, state, next, node, path, emit)
    case .deleteLocal: deleteLocal(state, slot, node, path, emit)
    case .deleteRemote: deleteRemote(state, slot, node, path, emit)
    case .yield: yield(state, slot, node, path, emit)
    }
  }

  private mutating func compare(
    _ plan: ModelPlan, _ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, _ emit: Emit
  ) {
    guard slot[Slot.wasHeaded] != 0 else { return refreshRemote(state, slot, node, path, as: .head, emit) }
    if slot[Slot.seenContent] == slot[Slot.seenObject] {
      guard isLocalAsSeen(slot) else { return refreshLocal(state, slot, node, path, emit) }
      var next = slot
      let mode = slot[Slot.seenObjectMode]
      if mode != 2, mode != slot[Slot.localMode] {
        next[Slot.localMode] = mode
        next[Slot.localStamp] = Slot.freshStamp
      }
      next.record(
        content: slot[Slot.seenObject], mode: next[Slot.localMode], stamp: next[Slot.localStamp], objectOf: slot)
      next.forgetSight()
      return self.emit(.adoptEqual, withFolder(state, node, path), next, node, path, emit)
    }
    guard let resolution = plan.resolution else { return }
    // What the object turns out to carry does not decide anew.
    if slot[Slot.wasFetched] != 0 {
      let toTrash = resolution == .remoteWinsLoserToTrash
      return download(plan, state, slot, node, path, toTrash: toTrash, emit)
    }
    switch resolution {
    case .remoteWins:
      guard slot[Slot.wasKept] == 0 else { return download(plan, state, slot, node, path, toTrash: false, emit) }
      guard isLocalAsSeen(slot) else { return refreshLocal(state, slot, node, path, emit) }
      keep(slot[Slot.seenContent], in: Shared.copies, state, slot, node, path, emit)
    case .remoteWinsLoserToTrash:
      download(plan, state, slot, node, path, toTrash: true, emit)
    case .localWins, .localWinsLoserToTrash:
      guard slot[Slot.wasKept] == 0 else { return upload(creates: false, state, slot, node, path, emit) }
      guard state.shared[Shared.object[path]] == slot[Slot.seenObject] else {
        return refreshRemote(state, slot, node, path, emit)
      }
      let set = resolution == .localWins ? Shared.copies : Shared.trashed
      keep(slot[Slot.seenObject], in: set, state, slot, node, path, emit)
    }
  }

  private mutating func keep(
    _ content: UInt64, in set: Bits, _ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, _ emit: Emit
  ) {
    var (world, next) = (state, slot)
    if scope.missing != .copyOfLoser { world.shared.add(content, to: set) }
    next[Slot.wasKept] = 1
    self.emit(.keep, world, next, node, path, emit)
  }

  /// A PUT of the version that was seen, whatever became of the file meanwhile.
  private mutating func upload(
    creates: Bool, _ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, _ emit: Emit
  ) {
    let object = state.shared[Shared.object[path]]
    let isAsSeen = object == (creates ? 0 : slot[Slot.seenObject])
    guard isAsSeen || scope.missing == .conditionOfUpload else { return refreshRemote(state, slot, node, path, emit) }
    var (world, next) = (state, slot)
    world.shared[Shared.object[path]] = slot[Slot.seenContent]
    world.shared[Shared.objectMode[path]] = slot[Slot.seenMode]
    world.shared[Shared.modified[path]] = ModelState.now
    next.forgetSight()
    lose(world, next, node, path, emit)
    next.record(
      content: slot[Slot.seenContent], mode: slot[Slot.seenMode], stamp: slot[Slot.seenStamp],
      objectMode: slot[Slot.seenMode], modified: ModelState.now)
    self.emit(.upload, withFolder(world, node, path), next, node, path, emit)
  }

  private mutating func uploadMetadata(
    _ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, _ emit: Emit
  ) {
    guard state.shared[Shared.object[path]] == slot[Slot.seenObject] else {
      return refreshRemote(state, slot, node, path, emit)
    }
    var (world, next) = (state, slot)
    world.shared[Shared.objectMode[path]] = slot[Slot.seenMode]
    world.shared[Shared.modified[path]] = ModelState.now
    next.forgetSight()
    lose(world, next, node, path, emit)
    next.record(
      content: slot[Slot.baseContent], mode: slot[Slot.seenMode], stamp: slot[Slot.seenStamp],
      objectMode: slot[Slot.seenMode], modified: ModelState.now)
    self.emit(.uploadMetadata, world, next, node, path, emit)
  }

  /// The write took effect, and nobody here knows.
  private mutating func lose(_ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, _ emit: Emit) {
    guard state.shared[Shared.faults] > 0 else { return }
    var world = state
    world.shared[Shared.faults] -= 1
    self.emit(.lostReply, world, slot, node, path, emit)
  }

  private mutating func download(
    _ plan: ModelPlan, _ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, toTrash: Bool, _ emit: Emit
  ) {
    guard slot[Slot.wasFetched] != 0 else {
      let isThere = state.shared[Shared.object[path]] == slot[Slot.seenObject]
      guard isThere else { return refreshRemote(state, slot, node, path, emit) }
      var next = slot
      lookRemote(state, &next, path, head: true)
      next[Slot.wasFetched] = 1
      return self.emit(.fetch, state, next, node, path, emit)
    }
    guard isLocalAsSeen(slot) || scope.missing == .stampOfInstall else {
      return refreshLocal(state, slot, node, path, emit)
    }
    if scope.hasClash {
      let isObstructed = state[slot: node * paths + 1 - path][Slot.localContent] != 0
      if isObstructed {
        var next = slot
        next.forgetSight()
        return self.emit(.refreshLocal, state, next, node, path, emit)
      }
    }
    install(plan, state, slot, node, path, toTrash: toTrash, emit)
  }

  private mutating func install(
    _ plan: ModelPlan, _ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, toTrash: Bool, _ emit: Emit
  ) {
    var (world, next) = (state, slot)
    let mode = slot[Slot.seenObjectMode]
    let isNew = slot[Slot.localContent] == 0
    if toTrash { world.shared.add(slot[Slot.localContent], to: Shared.trashed) }
    next[Slot.localContent] = slot[Slot.seenObject]
    next[Slot.localStamp] = Slot.freshStamp
    if isNew { next[Slot.localMode] = 0 }
    if mode != 2, isNew || !plan.keepsMode { next[Slot.localMode] = mode }
    if scope.hasFolder { world.makeFolder(node) }
    let rowMode = plan.keepsMode && !isNew && mode != 2 ? mode : next[Slot.localMode]
    next.forgetSight()
    if world.shared[Shared.faults] > 0 {
      var faulty = world
      faulty.shared[Shared.faults] -= 1
      self.emit(.crashBeforeRow, faulty, next, node, path, emit)
      if !isNew { busy(state, slot, node, path, emit) }
    }
    next.record(content: slot[Slot.seenObject], mode: rowMode, stamp: Slot.freshStamp, objectOf: slot)
    self.emit(.install, withFolder(world, node, path), next, node, path, emit)
  }

  /// Somebody keeps the file open for writing: he keeps the name, the object is stored beside it.
  private mutating func busy(_ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, _ emit: Emit) {
    var (world, next) = (state, slot)
    world.shared[Shared.faults] -= 1
    world.shared.add(slot[Slot.seenObject], to: Shared.copies)
    next.record(content: slot[Slot.seenObject], mode: slot[Slot.seenMode], stamp: slot[Slot.seenStamp], objectOf: slot)
    next[Slot.isLocalChanged] = 1
    next[Slot.isProvisional] = 1
    next.forgetSight()
    self.emit(.busy, world, next, node, path, emit)
  }

  private mutating func deleteLocal(_ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, _ emit: Emit) {
    if slot[Slot.wasFetched] == 0 {
      let isAbsent = state.shared[Shared.object[path]] == 0
      guard isAbsent || scope.missing == .proofOfAbsence else {
        return refreshRemote(state, slot, node, path, emit)
      }
      var next = slot
      next[Slot.wasFetched] = 1
      return self.emit(.prove, state, next, node, path, emit)
    }
    guard isLocalAsSeen(slot) else { return refreshLocal(state, slot, node, path, emit) }
    var (world, next) = (state, slot)
    // What no row knows only a mirror takes away.
    if slot[Slot.hasBase] == 0 { world.shared.add(slot[Slot.localContent], to: Shared.trashed) }
    next[Slot.localContent] = 0
    next[Slot.localMode] = 0
    next.forgetBase()
    next.forgetSight()
    self.emit(.deleteLocal, world, next, node, path, emit)
  }

  private mutating func deleteRemote(_ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, _ emit: Emit) {
    if scope.hasFolder, let kept = keepingFolder(state, node) {
      return self.emit(.putMarker, kept, slot, node, path, emit)
    }
    let object = state.shared[Shared.object[path]]
    guard object == slot[Slot.seenObject] || object == 0 else { return refreshRemote(state, slot, node, path, emit) }
    if slot[Slot.hasBase] == 0, slot[Slot.wasKept] == 0 {
      return keep(object, in: Shared.trashed, state, slot, node, path, emit)
    }
    var (world, next) = (state, slot)
    world.shared.removeObject(path)
    next.forgetSight()
    if object != 0 { lose(world, next, node, path, emit) }
    next.forgetBase()
    self.emit(.deleteRemote, world, next, node, path, emit)
  }

  private mutating func yield(_ state: ModelState, _ slot: Slot, _ node: Int, _ path: Int, _ emit: Emit) {
    guard hasBelow(state, path) != 0 else {
      var next = slot
      lookRemote(state, &next, path, head: true)
      next[Slot.seenBelow] = 0
      return self.emit(.refreshRemote, state, next, node, path, emit)
    }
    guard isLocalAsSeen(slot) else { return refreshLocal(state, slot, node, path, emit) }
    var (world, next) = (state, slot)
    if state.shared[Shared.object[path]] != slot[Slot.seenContent] {
      world.shared.add(slot[Slot.seenContent], to: Shared.copies)
    }
    next[Slot.localContent] = 0
    next[Slot.localMode] = 0
    next.forgetBase()
    next.forgetSight()
    self.emit(.yield, world, next, node, path, emit)
  }
}

// Users, and other programs.
extension ModelMoves {
  private mutating func userMoves(_ state: ModelState, _ node: Int, _ path: Int, _ emit: Emit) {
    let slot = state[slot: node * paths + path]
    let content = slot[Slot.localContent]
    let other = scope.paths.count == 2 ? node * paths + 1 - path : nil
    let isObstructed = scope.hasClash && state[slot: other!][Slot.localContent] != 0
    var world = state
    world.shared[Shared.userSteps] -= 1
    let fresh = world.shared[Shared.nextContent]
    func can(_ action: ModelScope.UserAction) -> Bool { scope.actions.contains(action) }
    /// The user replaces what he sees.
    func replaced(by new: UInt64) -> (ModelState, Slot) {
      var (world, next) = (world, slot)
      world.shared.add(content, to: Shared.superseded)
      if new == fresh { world.shared[Shared.nextContent] += 1 }
      next[Slot.localContent] = new
      next[Slot.localStamp] = Slot.freshStamp
      if new == 0 { next[Slot.localMode] = 0 }
      return (world, next)
    }
    if can(.write), fresh < 7, !isObstructed {
      var (world, next) = replaced(by: fresh)
      if scope.hasFolder { world.makeFolder(node) }
      self.emit(.write, world, next, node, path, emit)
    }
    if can(.revert), content != 1, !isObstructed {
      let (world, next) = replaced(by: 1)
      self.emit(.revert, world, next, node, path, emit)
    }
    guard content != 0 else { return }
    if can(.delete) {
      let (world, next) = replaced(by: 0)
      self.emit(.delete, world, next, node, path, emit)
    }
    var next = slot
    next[Slot.localStamp] = Slot.freshStamp
    if can(.touch) { self.emit(.touch, world, next, node, path, emit) }
    next[Slot.localMode] = 1 - slot[Slot.localMode]
    if can(.chmod) { self.emit(.chmod, world, next, node, path, emit) }
    if let other, can(.move), node == 0, !scope.hasClash {
      var target = state[slot: other]
      world.shared.add(target[Slot.localContent], to: Shared.superseded)
      target[Slot.localContent] = content
      target[Slot.localMode] = slot[Slot.localMode]
      target[Slot.localStamp] = Slot.freshStamp
      world[slot: other] = target
      var gone = slot
      gone[Slot.localContent] = 0
      gone[Slot.localMode] = 0
      self.emit(.move, world, gone, node, path, emit)
    }
    if let other, can(.exchangeLeafAndDirectory), fresh < 7 {
      var (world, gone) = replaced(by: 0)
      world.shared[Shared.nextContent] += 1
      gone[Slot.localMode] = 0
      var target = state[slot: other]
      target[Slot.localContent] = fresh
      target[Slot.localMode] = 0
      target[Slot.localStamp] = Slot.freshStamp
      world[slot: other] = target
      self.emit(.exchange, world, gone, node, path, emit)
    }
  }

  private func foreignMoves(_ state: ModelState, _ path: Int, _ emit: Emit) {
    if scope.hasFolder, path == 0 { return }
    var world = state
    world.shared[Shared.userSteps] -= 1
    let fresh = world.shared[Shared.nextContent]
    world.shared.add(world.shared[Shared.object[path]], to: Shared.superseded)
    if scope.actions.contains(.foreignPut), fresh < 7 {
      var next = world
      next.shared[Shared.nextContent] += 1
      next.shared[Shared.object[path]] = fresh
      next.shared[Shared.objectMode[path]] = 2
      next.shared[Shared.modified[path]] = ModelState.now
      next.normalise(nodes: nodes, paths: paths)
      emit(ModelMove(kind: .foreignPut, path: path), next)
    }
    if scope.actions.contains(.foreignDelete), world.shared[Shared.object[path]] != 0 {
      world.shared.removeObject(path)
      world.normalise(nodes: nodes, paths: paths)
      emit(ModelMove(kind: .foreignDelete, path: path), world)
    }
  }
}

extension ModelState {
  /// Later than all last-modified times that anybody has seen; valid until they are renumbered.
  static let now: UInt64 = 7
}

extension Shared {
  mutating func removeObject(_ path: Int) {
    self[Self.object[path]] = 0
    self[Self.objectMode[path]] = 0
    self[Self.modified[path]] = 0
  }
}

extension Slot {
  fileprivate mutating func record(
    content: UInt64, mode: UInt64, stamp: UInt64, objectMode: UInt64, modified: UInt64
  ) {
    self[Self.hasBase] = 1
    self[Self.baseContent] = content
    self[Self.baseLocalMode] = mode
    self[Self.baseStamp] = stamp
    self[Self.baseObjectMode] = objectMode
    self[Self.baseModified] = modified
    self[Self.isLocalChanged] = 0
    self[Self.isProvisional] = 0
  }

  fileprivate mutating func record(content: UInt64, mode: UInt64, stamp: UInt64, objectOf sight: Slot) {
    record(
      content: content, mode: mode, stamp: stamp, objectMode: sight[Self.seenObjectMode],
      modified: sight[Self.seenModified])
  }
}
