import Foundation
import Testing

extension ProcessTests {
  /// Must hold: real processes behind bad networks, killed at any moment, lose nothing and agree in the end.
  /// `MARTLET_TORTURE_SECONDS=600` is the long form, `MARTLET_TORTURE_SERVER` chooses servers,
  /// `MARTLET_TORTURE_NODES` has more nodes, `MARTLET_TORTURE_SEED` repeats the plan of a run, though not its moments.
  @Suite struct TortureSuite {
    @Test(
      .limit(minutes: 5 + 2 * ProcessTests.scale("MARTLET_TORTURE_SECONDS", default: 0) / 60),
      arguments: TortureForm.forms())
    func nothingIsLost(_ form: TortureForm) async throws {
      try await Workspace.run { workspace in try await Torture.run(form, in: workspace) }
    }
  }
}
