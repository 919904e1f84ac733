/// The user and the group that an entry belongs to, as numbers: names mean others on other machines.
package struct Owner: Hashable, Sendable {
  package var user: UInt32
  package var group: UInt32

  package init(user: UInt32, group: UInt32) {
    self.user = user
    self.group = group
  }
}
