#!/usr/bin/env python3
"""Counts what happened in a test run, from Swift Testing's event stream.

Each test function counts once, whatever its number of cases. A test that began and never ended (the
process crashed) failed; so did a run whose status is not 0 though no test failed. The format check
and the simulation count as one test each.

What the failed tests said comes before their names, and where a process ended in the middle its last words: often the
last lines are all that is kept of a run.
"""

import argparse
import json
import sys

# Of what all failed tests said together, of what a process said that ended in the middle, and characters of each line.
LINES = 60
LAST_WORDS = 60
WIDTH = 400


def outcomes(lines):
    """The tests that began, those that ended, and what was said by those that had an issue."""
    begun, ended, failed = set(), set(), {}
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue  # the last line of a process that was killed
        if record.get("kind") != "event":
            continue
        event = record["payload"]
        test = event.get("testID")
        # A suite's id has no source location.
        if event["kind"] == "issueRecorded":
            issue = event.get("issue", {})
            if not issue.get("isKnown", False) and issue.get("severity", "error") == "error":
                failed.setdefault(test or "(no test)", []).append(said(event))
        elif test is None:
            continue
        elif event["kind"] == "testStarted":
            begun.add(test)
        elif event["kind"] == "testEnded":
            ended.add(test)
    return begun, ended, failed


def said(event):
    """The lines of an issue: the first one has its test case and place."""
    place = event.get("issue", {}).get("sourceLocation") or {}
    head = f"{place.get('fileID', '?')}:{place.get('line', '?')}: "
    case = (event.get("_testCase") or {}).get("displayName")
    # What is recorded says nothing but that, before its comment.
    texts = [message.get("text", "") for message in event.get("messages", [])]
    if len(texts) > 1 and texts[0] == "Issue recorded":
        del texts[0]
    text = "\n".join(texts).replace("Caught error: ", "", 1)
    if case:
        head += f"({case}) "
    return [cut(line) for line in (head + text).splitlines()]


def cut(line):
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def explain(failures, failed):
    """Prints what failed tests said, the beginning of each issue where it is too much."""
    issues = [(test, issue) for test in sorted(failures) for issue in failed[test]]
    left = LINES
    for index, (test, issue) in enumerate(issues):
        # What short ones leave over is for those that come after them.
        share = max(2, left // (len(issues) - index))
        if left < 2:
            print(f"({len(issues) - index} more issues)")
            return
        print(cut(f"{test}: {issue[0]}"))
        shown = issue[1:] if len(issue) <= share else issue[1 : share - 1]
        for line in shown:
            print(f"  {line}")
        if len(shown) < len(issue) - 1:
            print(f"  ({len(issue) - 1 - len(shown)} more lines)")
        left -= min(share, len(issue))


def last_words(path):
    """Prints what the test process that ended in the middle said last."""
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [line.rstrip() for line in file if not line.startswith(("◇", "✔"))]
    print("The tests ended in the middle. Their process said last:")
    for line in lines[-LAST_WORDS:]:
        print(f"  {cut(line)}")


def functions(lines):
    """The ids of test functions; suites begin and end too, but do not count."""
    found = set()
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if record.get("kind") == "test" and record["payload"].get("kind") == "function":
            found.add(record["payload"]["id"])
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("events")
    parser.add_argument("--log", help="what the test processes printed")
    parser.add_argument("--format-status", type=int, help="of the format check, where it was made")
    parser.add_argument("--test-status", type=int, default=0)
    parser.add_argument("--simulation-status", type=int)
    parser.add_argument("--mutations-status", type=int)
    arguments = parser.parse_args()
    try:
        with open(arguments.events, encoding="utf-8", errors="replace") as file:
            lines = file.readlines()
    except FileNotFoundError:
        lines = []
    tests = functions(lines)
    begun, ended, failed = outcomes(lines)
    failures = {test for test in failed if test in tests or test not in begun}
    interrupted = (begun & tests) - ended - failures
    passed = (begun & tests & ended) - failures
    names = [cut(f"{test}: {failed[test][0][0]}") for test in sorted(failures)]
    names += [f"{test} (did not end)" for test in sorted(interrupted)]
    if arguments.test_status != 0 and not names:
        names.append(f"the test run ended with status {arguments.test_status}")
    if not passed and not names:
        names.append("no test ran")
    passed_count = len(passed)
    checks = [
        (arguments.format_status, "the format check (make format mends it)"),
        (arguments.simulation_status, "the simulation (its failing seeds and how to replay them stand above)"),
        (arguments.mutations_status, "the mutations (what the simulation did not notice stands above)"),
    ]
    for status, name in checks:
        if status == 0:
            passed_count += 1
        elif status is not None:
            names.append(name)
    if interrupted and arguments.log:
        last_words(arguments.log)
    explain(failures, failed)
    for name in names:
        print(f"failed: {name}")
    print(f"{passed_count} passed, {len(names)} failed")
    sys.exit(1 if names else 0)


if __name__ == "__main__":
    main()
