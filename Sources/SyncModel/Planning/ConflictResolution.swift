extension Planner {
  /// Who keeps the name when both sides are present and their contents differ.
  ///
  /// `serverNow` is the server's clock, so that a file dated in the future cannot win for ever.
  package static func resolve(
    path: RelativePath, base: BaseEntry?, local: LocalStamp, remote: RemoteObject, policy: Policy, serverNow: Timestamp
  ) -> Resolution {
    // Sides that were left as they are, by an option that is no longer given, meet for the first time now.
    let isFirst = base.map { $0.isApart && ($0.remote == nil || $0.isUnchanged(local, remote.stamp)) } ?? true
    var resolution =
      policy.oneSided(isFirstContact: isFirst)
      ?? (isFirst ? firstContact(policy.firstSync) : localKeepsName(local, remote, policy, serverNow))
    // Git reads stray files below refs/ as branches.
    if path.ancestors.contains(where: { $0.name == ".git" }) { resolution = resolution.withLoserToTrash }
    return resolution
  }

  private static func firstContact(_ policy: FirstSyncPolicy?) -> Resolution {
    switch policy {
    case nil, .keepBoth: .remoteWins
    case .remote: .remoteWinsLoserToTrash
    case .local: .localWinsLoserToTrash
    }
  }

  private static func localKeepsName(
    _ local: LocalStamp, _ remote: RemoteObject, _ policy: Policy, _ serverNow: Timestamp
  ) -> Resolution {
    switch policy.conflict {
    case .local: return .localWins
    // With keep-both the loser is a conflict copy as always; one and the same side keeps the name on every node.
    case .remote, .keepBoth: return .remoteWins
    case .newest:
      let localTime = min(local.modified, serverNow)
      let remoteTime = min(remote.metadata.modified ?? remote.stamp.lastModified, serverNow)
      return localTime > remoteTime ? .localWins : .remoteWins
    }
  }
}

extension Policy {
  /// The side that must not be changed wins.
  fileprivate func oneSided(isFirstContact: Bool) -> Resolution? {
    if !changesLocal || !installs { return isFirstContact ? .localWinsLoserToTrash : .localWins }
    if !changesRemote { return isFirstContact ? .remoteWinsLoserToTrash : .remoteWins }
    return nil
  }
}

extension Resolution {
  fileprivate var withLoserToTrash: Resolution {
    switch self {
    case .localWins, .localWinsLoserToTrash: .localWinsLoserToTrash
    case .remoteWins, .remoteWinsLoserToTrash: .remoteWinsLoserToTrash
    }
  }
}
