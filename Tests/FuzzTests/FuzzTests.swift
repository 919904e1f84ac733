import Testing

/// Readers of foreign bytes, each fed with mutations of good inputs. One file per target; `make fuzz` runs them long.
///
/// One after the other: a crash must not leave in doubt whose input it was.
@Suite(.serialized) struct FuzzTests {}
