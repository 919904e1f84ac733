import Testing

@testable import LocalTree

@Suite struct MountListTests {
  private static let text = """
    22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
    31 22 0:27 / /srv/files rw - tmpfs tmpfs rw
    32 31 254:0 /one /srv/files/a\\040blank\\134 rw - ext4 /dev/root rw
    33 22 0:28 / /srv/files-too rw - tmpfs tmpfs rw
    34 31 254:0 /x /srv/files/deep/er ro - ext4 /dev/root rw
    broken line

    """

  @Test func `Mounts at a folder and below it are found by whole names`() {
    let found = MountList.mounts(in: Array(Self.text.utf8), below: "/srv/files")
    #expect(found == [31: "", 32: "a blank\\", 34: "deep/er"])
  }

  @Test func `All mounts are below the root of the file system`() {
    let found = MountList.mounts(in: Array(Self.text.utf8), below: "/")
    #expect(Set(found.keys) == [22, 31, 32, 33, 34])
    #expect(found[22]?.isEmpty == true && found[32] == "srv/files/a blank\\")
  }

  @Test func `A number is one of a mount, or not`() {
    #expect(MountList.holds(31, Array(Self.text.utf8)))
    #expect(!MountList.holds(3, Array(Self.text.utf8)))
    #expect(!MountList.holds(65_024, Array(Self.text.utf8)))
  }

  @Test func `The kernel's own list can be read`() throws {
    #expect(try #require(LinuxKernel.shared.mounts(below: "/")).values.contains(""))
    #expect(LinuxKernel.shared.mounts(below: "/no such folder") == [:])
  }
}
