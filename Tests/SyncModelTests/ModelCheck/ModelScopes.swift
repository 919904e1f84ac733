import Foundation

@testable import SyncModel

extension ModelScope {
  /// `MARTLET_TEST_MODEL_STEPS=1` lets users do one thing more in every scope: ten times the states.
  private static let moreSteps =
    ProcessInfo.processInfo.environment["MARTLET_TEST_MODEL_STEPS"].flatMap { UInt64($0) } ?? 0

  /// All that is checked in every run of the tests.
  static var all: [ModelScope] {
    (onePath + firstContacts + leftAlone + mirrors + threeNodes + twoPaths + folders).map { scope in
      var scope = scope
      scope.userSteps += moreSteps
      return scope
    }
  }

  private static func scope(
    _ name: String, steps: UInt64, floor: Int, _ change: (inout ModelScope) -> Void = { _ in }
  ) -> ModelScope {
    var scope = ModelScope(name: name)
    scope.userSteps = steps
    scope.floor = floor
    change(&scope)
    return scope
  }

  private static var onePath: [ModelScope] {
    let conflicts = ConflictPolicy.allCases.map { policy in
      scope("--conflict \(policy.rawValue)", steps: 3, floor: 26_000) { $0.policy.conflict = policy }
    }
    let clocks = Times.allCases.filter { $0 != .rising }.map { times in
      scope("\(times) times", steps: 3, floor: 26_000) { $0.times = times }
    }
    return conflicts + clocks + [
      scope("contents of different sizes", steps: 3, floor: 24_000) { $0.sizesDiffer = true },
      scope("remote deletions do not cross", steps: 3, floor: 31_000) { $0.policy.deletesLocal = false },
      scope("local deletions do not cross", steps: 3, floor: 25_000) { $0.policy.deletesRemote = false },
      scope("touched and written back", steps: 3, floor: 47_000) { $0.actions.formUnion([.touch, .revert]) },
      scope("another program", steps: 3, floor: 89_000) { $0.actions.formUnion([.foreignPut, .foreignDelete]) },
      scope("lost replies, crashes, busy files, false absences", steps: 2, floor: 70_000) { $0.faults = 2 },
    ]
  }

  private static var firstContacts: [ModelScope] {
    ([nil] + FirstSyncPolicy.allCases).flatMap { policy in
      [(Start.firstContact, 16_000), (.firstContactEqual, 15_000)].map { start, floor in
        scope("\(start) \(policy?.rawValue ?? "undecided")", steps: 2, floor: floor) {
          $0.start = start
          $0.policy.firstSync = policy
        }
      }
    }
  }

  private static var leftAlone: [ModelScope] {
    let keeps = Policy().with { $0.existing = .leftAlone(isMeeting: false) }
    let away = keeps.with { $0.installs = false }
    let here = keeps.with { ($0.changesRemote, $0.deletesRemote, $0.deletesLocal) = (false, false, false) }
    return [
      scope("what was here first is left alone", steps: 2, floor: 3600) {
        $0.start = .leftAlone
        $0.policy = keeps
      },
      scope("what was here first is left alone, and what goes wrong", steps: 1, floor: 1600) {
        $0.start = .leftAlone
        $0.policy = keeps
        $0.actions = [.write, .delete, .touch, .foreignPut, .foreignDelete]
        $0.faults = 1
      },
    ]
      + [("nothing is fetched", away, [1200, 1800, 14_900]), ("nothing is sent", here, [800, 800, 7700])].flatMap {
        name, policy, floors in
        zip([Start.agreed, .leftAlone, .firstContact], floors).map { start, floor in
          scope("\(name) by the first node, \(start)", steps: 2, floor: floor) {
            $0.start = start
            $0.policy = keeps
            $0.firstPolicy = policy
            // What is read and then left alone would be read again and again.
            $0.sizesDiffer = true
            $0.actions = [.write, .delete]
          }
        }
      }
  }

  private static var mirrors: [ModelScope] {
    [(SyncDirection.down, [48_000, 20_000, 19_000]), (.up, [57_000, 23_000, 31_000])].flatMap { direction, floors in
      [
        scope("the first node is a mirror, \(direction)", steps: 3, floor: floors[0]) {
          $0.mirror = direction
          $0.actions = [.write, .delete, .foreignPut, .foreignDelete]
        },
        scope("the first node is a mirror, \(direction), and what goes wrong", steps: 2, floor: floors[1]) {
          $0.mirror = direction
          $0.faults = 1
        },
        scope("the first node is a mirror, \(direction), at first contact", steps: 2, floor: floors[2]) {
          $0.mirror = direction
          $0.start = .firstContact
        },
      ]
    }
  }

  private static var threeNodes: [ModelScope] {
    [
      scope("three nodes", steps: 2, floor: 55_000) { $0.nodes = 3 },
      scope("three nodes at first contact", steps: 0, floor: 1300) {
        $0.nodes = 3
        $0.start = .firstContact
      },
      scope("three nodes and another program", steps: 2, floor: 60_000) {
        $0.nodes = 3
        $0.actions = [.write, .delete, .foreignPut]
      },
    ]
  }

  private static var twoPaths: [ModelScope] {
    let moves = [true, false].map { crosses in
      scope("files that get another name", steps: 3, floor: 52_000) {
        $0.paths = ["a", "b"]
        $0.looksAtOnce = true
        $0.actions = [.write, .delete, .move]
        $0.policy.deletesLocal = crosses
      }
    }
    return moves
      + [(true, true, 7600), (false, true, 9600), (true, false, 2200)].map { local, remote, floor in
        scope("a leaf and a directory of one name", steps: 2, floor: floor) {
          $0.paths = ["a", "a/b"]
          $0.looksAtOnce = true
          $0.actions = [.write, .delete, .exchangeLeafAndDirectory]
          $0.policy.deletesLocal = local
          $0.policy.deletesRemote = remote
        }
      } + [
        scope("a leaf and a directory of one name, and another program", steps: 2, floor: 16_000) {
          $0.paths = ["a", "a/b"]
          $0.looksAtOnce = true
          $0.actions = [.write, .foreignDelete, .foreignPut, .exchangeLeafAndDirectory]
        }
      ]
  }

  private static var folders: [ModelScope] {
    [(true, true, 21_900), (false, true, 40_300), (true, false, 2900)].map { local, remote, floor in
      scope("a folder and the file in it", steps: 3, floor: floor) {
        $0.paths = ["d/", "d/f"]
        $0.looksAtOnce = true
        $0.actions = [.write, .delete, .makeFolder, .removeFolder]
        $0.policy.deletesLocal = local
        $0.policy.deletesRemote = remote
      }
    } + [
      scope("a folder with a marker and the file in it", steps: 2, floor: 5000) {
        $0.paths = ["d/", "d/f"]
        $0.looksAtOnce = true
        $0.actions = [.write, .delete, .makeFolder, .removeFolder]
        $0.policy.directories = .all
      },
      scope("a folder and the file in it, and another program", steps: 3, floor: 39_000) {
        $0.paths = ["d/", "d/f"]
        $0.looksAtOnce = true
        $0.actions = [.delete, .makeFolder, .removeFolder, .foreignPut, .foreignDelete]
      },
    ]
  }
}
