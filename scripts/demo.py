#!/usr/bin/env python3
"""Two nodes keep two folders and a bucket the same, on this machine, on free ports, in a temporary folder.

Calls nothing but the built executable. With DEMO=once it ends by itself, with status 0 if everything that it
announced came true; else it goes on until Ctrl-C.
"""

import filecmp
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE = 90  # seconds until something announced must have come true
martlet = sys.argv[1]
place = pathlib.Path(tempfile.mkdtemp(prefix="martlet-demo-"))
one, two = place / "one", place / "two"
running = {}
environment = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MARTLET_"))},
    "AWS_ACCESS_KEY_ID": "embedded",
    "AWS_SECRET_ACCESS_KEY": "embedded-secret",
    "AWS_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def say(text):
    print(text, flush=True)


def step(text):
    say(f"\n-- {text}")


def start(name, *arguments):
    log = open(place / f"{name}.log", "a", encoding="utf-8")
    running[name] = subprocess.Popen(
        [martlet, *arguments], env=environment, stdout=subprocess.PIPE if name == "server" else log, stderr=log,
        text=True, start_new_session=True)  # Ctrl-C is for this script, which then stops the others in order
    return running[name]


def start_node(name, folder):
    start(name, "sync", str(folder), "s3://demo/shared", "--poll", "1", "--node-id", name)


def tree(folder):
    """Relative paths with what they are, Martlet's own folder left out."""
    found = {}
    for directory, names, files in os.walk(folder):
        if ".martlet" in names:
            names.remove(".martlet")
        for name in names + files:
            path = pathlib.Path(directory) / name
            found[str(path.relative_to(folder))] = (
                ("link", os.readlink(path)) if path.is_symlink() else ("folder",) if path.is_dir() else ("file", path.stat().st_size))
    return found


def are_equal():
    left, right = tree(one), tree(two)
    return left == right and all(
        filecmp.cmp(one / path, two / path, shallow=False) for path, kind in left.items() if kind[0] == "file")


def wait(condition, what):
    """Waits until the condition holds; a file may vanish while it is looked at."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        for name, process in running.items():
            if process.poll() is not None:
                raise SystemExit(f"martlet ({name}) ended with status {process.returncode}; see {place / name}.log")
        try:
            if condition():
                say(f"   {what} (after {time.monotonic() - began:.1f} s)")
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"This did not come true within {PATIENCE} s: {what}; see the logs in {place}")


def wait_equal():
    wait(are_equal, "both folders are the same")


def show(folder):
    for path in sorted(tree(folder)):
        say(f"      {path}")


def tour():
    step("An S3 endpoint of Martlet's own, with a bucket, and two nodes with a folder each")
    server = start("server", "serve-s3", "--bucket", "demo")
    environment["AWS_ENDPOINT_URL"] = server.stdout.readline().strip()
    say(f"   {environment['AWS_ENDPOINT_URL']}, bucket demo")
    for folder in (one, two):
        folder.mkdir()
    (one / "hello.txt").write_text("Hello from node one.\n")
    (one / "docs").mkdir()
    (one / "docs" / "notes – café.md").write_text("# Notes\n")
    (one / "docs" / "latest").symlink_to("notes – café.md")
    (one / "empty folder").mkdir()
    (two / "picture.bin").write_bytes(os.urandom(3 << 20))
    start_node("one", one)
    start_node("two", two)
    wait(lambda: (two / "hello.txt").exists() and (one / "picture.bin").exists() and are_equal(),
         "each has the other's files, the link and the empty folder")
    show(one)

    step("Node one changes a file, node two adds one")
    (one / "hello.txt").write_text("Hello from node one, edited.\n")
    (two / "docs" / "new.txt").write_text("new\n")
    wait(lambda: "edited" in (two / "hello.txt").read_text() and (one / "docs" / "new.txt").exists() and are_equal(),
         "both changes are on both sides")

    step("Both change the same file at once: nobody's words are lost")
    (one / "hello.txt").write_text("What node one wrote.\n")
    (two / "hello.txt").write_text("What node two wrote, at the same time.\n")

    def both_kept(folder):
        texts = [path.read_text() for path in folder.glob("hello*")]
        return any("node one wrote" in text for text in texts) and any("node two wrote" in text for text in texts)

    wait(lambda: both_kept(one) and both_kept(two) and are_equal(),
         "one version has the name, the other is kept beside it, on both nodes")
    for path in sorted(one.glob("hello*")):
        say(f"      {path.name}: {path.read_text().strip()}")

    step("Node two renames a folder: copied inside S3, not sent again")
    (two / "docs").rename(two / "papers")
    wait(lambda: (one / "papers" / "new.txt").exists() and not (one / "docs").exists() and are_equal(),
         "node one has it under the new name")

    step("Node one deletes a file")
    (one / "picture.bin").unlink()
    wait(lambda: not (two / "picture.bin").exists() and are_equal(), "it is gone on node two, and in its trash")

    step("Node two is killed (kill -9) in the middle of its work, and things go on without it")
    for number in range(200):
        (two / f"batch {number:03}.txt").write_text(f"file {number}\n")
    (two / "large.bin").write_bytes(os.urandom(64 << 20))
    time.sleep(0.5)
    running["two"].kill()
    running.pop("two").wait()
    (one / "written meanwhile.txt").write_text("while node two was away\n")
    (two / "papers" / "new.txt").write_text("edited while its node was dead\n")
    say("   dead; node one writes a file, and somebody edits one in node two's folder")
    start_node("two", two)
    wait(lambda: (two / "written meanwhile.txt").exists() and (one / "large.bin").exists()
         and "dead" in (one / "papers" / "new.txt").read_text() and are_equal(),
         "node two took up where it was killed")
    say(f"   {len(tree(one))} entries on each side")


def stop():
    for name in [name for name in running if name != "server"] + (["server"] if "server" in running else []):
        running[name].send_signal(signal.SIGTERM)
        try:
            running[name].wait(timeout=60)
        except subprocess.TimeoutExpired:
            running[name].kill()
            running[name].wait()


def play():
    say(f"\nNow it is your turn. Change what you like in\n   {one}\n   {two}\nand see it arrive in the other folder.")
    say(f"What the nodes do: tail -f {place}/*.log; how they are: {martlet} status {one}")
    say("Ctrl-C ends the demo and removes everything.")
    while True:
        time.sleep(1)
        for name, process in running.items():
            if process.poll() is not None:
                raise SystemExit(f"martlet ({name}) ended with status {process.returncode}; see {place / name}.log")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    keep = True
    try:
        tour()
        if os.environ.get("DEMO") != "once":
            play()
        keep = False
    except KeyboardInterrupt:
        keep = False
    finally:
        say("\nStopping the nodes and the server ...")
        stop()
        if keep:
            say(f"The folders and logs are left in {place}")
        else:
            shutil.rmtree(place)
    say("Done.")


main()
