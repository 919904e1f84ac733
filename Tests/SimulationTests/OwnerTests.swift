import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// `--preserve-owner`: who may not give files away takes no part in it, and undoes nothing.
@Suite struct OwnerTests {
  private static func traits(_ owner: Owner, mayGive: Bool, keeps: Bool = true) -> LocalTraits {
    var traits = LocalTraits()
    traits.owner = owner
    traits.givesFilesAway = mayGive
    traits.preservesOwner = keeps
    return traits
  }

  private static let root = Owner(user: 0, group: 0)
  private static let ann = Owner(user: 1001, group: 100)
  private static let bob = Owner(user: 1002, group: 100)
  private static let server = Owner(user: 33, group: 33)

  private func owner(_ node: SimNode, _ path: RelativePath = "f") -> Owner? {
    node.disk.lookup(path).map { node.disk.owner(of: $0) }
  }

  private func commits(_ stage: Stage) -> Int { stage.oracle.trace!.count { $0.contains("committed(") } }

  /// Nothing is sent nor applied any more.
  private func expectRest(_ stage: Stage, sourceLocation: SourceLocation = #_sourceLocation) {
    let before = (stage.server.objects["f"], commits(stage))
    stage.advance(.seconds(1800))
    #expect(stage.server.objects["f"]?.stamp == before.0?.stamp, sourceLocation: sourceLocation)
    #expect(commits(stage) == before.1, sourceLocation: sourceLocation)
  }

  /// As editors save: another file takes the place, which belongs to who runs them.
  private func save(_ text: String, on node: SimNode) {
    node.write("f.new", text)
    #expect(node.disk.rename("f.new", to: "f"))
  }

  @Test func ownersTravelBothWays() {
    let stage = Stage()
    let (a, b) = (Self.rootNode(stage), Self.rootNode(stage))
    a.write("f", "content")
    a.disk.setOwner(Self.ann, of: "f")
    a.disk.create("link", .symlink, Array("f".utf8))
    a.disk.setOwner(Self.server, of: "link")
    stage.start(a)
    stage.advance(.seconds(60))
    stage.start(b)
    stage.advance(.seconds(60))
    #expect(owner(b) == Self.ann && owner(b, "link") == Self.server)
    b.disk.setOwner(Self.server, of: "f")
    stage.advance(.seconds(120))
    #expect(stage.server.objects["f"]?.metadata.owner == Self.server)
    #expect(owner(a) == Self.server)
    save("another content, of the same owner", on: a)
    a.disk.setOwner(Self.server, of: "f")
    stage.advance(.seconds(120))
    #expect(b.text("f") == "another content, of the same owner" && owner(b) == Self.server)
    expectRest(stage)
  }

  /// Three nodes, of which two have users of their own and no more rights.
  @Test func whoMayNotGiveFilesAwayLeavesTheOwnerOfOthersAlone() {
    let stage = Stage()
    let a = stage.node(traits: Self.traits(Self.root, mayGive: true))
    let b = stage.node(traits: Self.traits(Self.ann, mayGive: false))
    let c = stage.node(traits: Self.traits(Self.bob, mayGive: false))
    a.write("f", "of the server")
    a.disk.setOwner(Self.server, of: "f")
    for node in [a, b, c] { stage.start(node) }
    stage.advance(.seconds(120))
    #expect([a, b, c].map { owner($0) } == [Self.server, Self.ann, Self.bob])
    expectRest(stage)

    save("edited by b", on: b)
    stage.advance(.seconds(120))
    c.disk.setMode(0o600, of: "f")
    stage.advance(.seconds(120))
    #expect([a, b, c].map { $0.text("f") } == ["edited by b", "edited by b", "edited by b"])
    #expect([a, b, c].map { $0.disk.lookup("f")?.mode } == [0o600, 0o600, 0o600])
    #expect(stage.server.objects["f"]?.metadata.owner == Self.server)
    #expect([a, b, c].map { owner($0) } == [Self.server, Self.ann, Self.bob])
    expectRest(stage)

    // What they make is theirs, where it may be.
    b.write("new", "of ann")
    stage.advance(.seconds(120))
    #expect(owner(a, "new") == Self.ann && owner(c, "new") == Self.bob)
    // A change of the owner arrives as far as it can.
    a.disk.setOwner(Self.root, of: "f")
    stage.advance(.seconds(120))
    #expect(stage.server.objects["f"]?.metadata.owner == Self.root)
    #expect([a, b, c].map { owner($0) } == [Self.root, Self.ann, Self.bob])
    expectRest(stage)
  }

  private static func rootNode(_ stage: Stage) -> SimNode { stage.node(traits: traits(root, mayGive: true)) }

  /// Both sides change it before they hear of each other: the bucket's stays, and both have it.
  @Test func twoChangesOfOneOwnerEndAlike() {
    let stage = Stage()
    let (a, b) = (Self.rootNode(stage), Self.rootNode(stage))
    a.write("f", "content")
    for node in [a, b] { stage.start(node) }
    stage.advance(.seconds(120))
    a.disk.setOwner(Self.ann, of: "f")
    // Within one second no listing tells the two apart.
    stage.advance(.seconds(5))
    b.disk.setOwner(Self.bob, of: "f")
    b.disk.setMode(0o640, of: "f")
    stage.advance(.seconds(240))
    #expect(owner(a) == owner(b) && stage.server.objects["f"]?.metadata.owner == owner(a))
    #expect(a.disk.lookup("f")?.mode == 0o640)
    expectRest(stage)
  }

  /// A new content from elsewhere meets an owner that was changed here: both stay.
  @Test func anOwnerOutlivesANewContent() {
    let stage = Stage()
    let (a, b) = (Self.rootNode(stage), Self.rootNode(stage))
    a.write("f", "content")
    for node in [a, b] { stage.start(node) }
    stage.advance(.seconds(120))
    a.crash(stage.oracle)
    a.disk.setOwner(Self.ann, of: "f")
    save("a newer content", on: b)
    b.disk.setOwner(Self.root, of: "f")
    stage.advance(.seconds(120))
    stage.start(a)
    stage.advance(.seconds(240))
    #expect([a, b].map { $0.text("f") } == ["a newer content", "a newer content"])
    #expect([a, b].map { owner($0) } == [Self.ann, Self.ann])
    expectRest(stage)
  }

  /// Without the option an owner is nobody's business.
  @Test func withoutTheOptionNoOwnerIsTouched() {
    let stage = Stage()
    let (a, b) = (
      stage.node(traits: Self.traits(Self.root, mayGive: true)),
      stage.node(traits: Self.traits(Self.bob, mayGive: true, keeps: false))
    )
    a.write("f", "content")
    a.disk.setOwner(Self.ann, of: "f")
    for node in [a, b] { stage.start(node) }
    stage.advance(.seconds(120))
    #expect(owner(b) == Self.bob)
    b.disk.setOwner(Self.server, of: "f")
    stage.advance(.seconds(120))
    #expect(owner(a) == Self.ann)
    expectRest(stage)
  }
}
