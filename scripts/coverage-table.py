#!/usr/bin/env python3
"""Prints the line coverage of each target from what `llvm-cov export --summary-only` wrote.

Fails below the floors: two targets have one of their own, and all of Sources/ but the simulation together has one.
"""

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "Sources"
FLOORS = {"SyncModel": 95.0, "SyncEngine": 95.0}
WHOLE = 85.0
# Run by the tests and no part of the program; counted for themselves.
SIMULATION = {"Simulation", "simulate"}


def row(name, covered, lines, floor=None):
    percent = 100 * covered / lines if lines else 100.0
    note = "" if floor is None else f"  at least {floor:g} %" + ("" if percent >= floor else ": FAILED")
    print(f"{name:<16} {covered:>7} of {lines:>6} {percent:>7.2f} %{note}")
    return floor is None or percent >= floor


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("summary")
    parser.add_argument("--no-floors", action="store_true")
    parser.add_argument("--files", action="store_true", help="name the files with the most lines that no test reaches")
    arguments = parser.parse_args()
    with open(arguments.summary, encoding="utf-8") as file:
        files = json.load(file)["data"][0]["files"]
    targets = defaultdict(lambda: [0, 0])
    gaps = []
    for entry in files:
        path = Path(entry["filename"])
        # Generated and C sources of dependencies lie elsewhere; so do the tests.
        if not path.is_relative_to(SOURCES):
            continue
        lines = entry["summary"]["lines"]
        target = path.relative_to(SOURCES).parts[0]
        targets[target][0] += lines["covered"]
        targets[target][1] += lines["count"]
        gaps.append((lines["count"] - lines["covered"], str(path.relative_to(SOURCES))))
    if not targets:
        sys.exit("no coverage of Sources/ was found")
    floors = {} if arguments.no_floors else FLOORS
    good = True
    whole = [0, 0]
    for name, (covered, lines) in sorted(targets.items()):
        if name in SIMULATION:
            continue
        good &= row(name, covered, lines, floors.get(name))
        whole = [whole[0] + covered, whole[1] + lines]
    good &= row("whole", *whole, None if arguments.no_floors else WHOLE)
    for name in sorted(SIMULATION & set(targets)):
        row(name, *targets[name])
    if arguments.files:
        print("\nLines that no test reaches:")
        for missed, name in sorted(gaps, reverse=True)[:25]:
            print(f"{missed:>6} {name}")
    missing = set(floors) - set(targets)
    if missing:
        print(f"no coverage was found of {', '.join(sorted(missing))}")
    sys.exit(0 if good and not missing else 1)


if __name__ == "__main__":
    main()
