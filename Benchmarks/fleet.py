"""What the benchmarks of running nodes share: servers, a counting proxy, nodes."""

import collections
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUCKET = "martlet-benchmark"
KEYS = {"AWS_ACCESS_KEY_ID": "embedded", "AWS_SECRET_ACCESS_KEY": "embedded-secret", "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
FEEDS = ["sns", "eventbridge", "sqs", "journal"]


def need_python():
    """Goes on in the Python of the tests, which has moto and boto3."""
    wanted = PROJECT / ".venv/bin/python3"
    if Path(sys.prefix).resolve() == (PROJECT / ".venv").resolve():
        return
    subprocess.run([PROJECT / "scripts/python-environment"], check=True)
    os.execv(wanted, [str(wanted), *sys.argv])


def add_options(parser):
    parser.add_argument("--feed", choices=FEEDS, default="sns", help="how nodes hear of changes (default: %(default)s)")
    parser.add_argument("--server", choices=["moto", "localstack", "embedded"], default="moto",
                        help="default: %(default)s; embedded: martlet serve-s3, which has no events but, like S3 and "
                        "unlike moto, keeps connections open")
    parser.add_argument("--martlet", type=Path, help="a binary to use instead of building one")
    parser.add_argument("--dir", help="where the trees lie (default: the folder for temporary files)")


def build():
    print("Building martlet (release) ...", flush=True)
    command = ["swift", "build", "--configuration", "release", "--product", "martlet", "--quiet"]
    subprocess.run(command, cwd=PROJECT, check=True)
    return PROJECT / ".build/release/martlet"


class Bench:
    """A server, a proxy before it that counts, and the nodes that were started; all end with the context."""

    def __init__(self, options):
        self.options = options
        self.martlet = options.martlet or build()
        self.work = tempfile.TemporaryDirectory(prefix="martlet-bench-", dir=options.dir)
        self.folder = Path(self.work.name)
        self.children = []

    def __enter__(self):
        port = free_port()
        self.server = f"http://127.0.0.1:{port}"
        self.start("server", *server_command(self.options.server, port, self), ready=port)
        self.proxy = CountingProxy(port)
        self.client("s3").create_bucket(Bucket=BUCKET)
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.work.cleanup()

    def client(self, service):
        """Straight to the server: what the benchmark asks is not counted."""
        import boto3
        return boto3.client(
            service, endpoint_url=self.server, region_name="us-east-1", aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"])

    def start(self, name, command, environment, ready=None):
        log = open(self.folder / f"{name}.log", "ab")
        child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.children.append(child)
        while ready and not listens(ready):
            if child.poll() is not None:
                sys.exit(f"the server ended: {(self.folder / f'{name}.log').read_text()}")
            time.sleep(0.1)
        return child

    def once(self, name):
        """A pass of a node that is not started."""
        command = self.command(name, self.server, "--once", "--log-level", "warning")
        subprocess.run(command, env=self.environment, check=True)

    def node(self, name, *more, hears=True):
        root = self.folder / name
        options = []
        if self.options.feed == "journal":
            options = ["--journal"]
        elif hears:
            options = ["--event-queue", f"bench-{name}", "--event-route", self.options.feed]
        command = self.command(name, self.proxy.url, "--log-level", "info", *options, *more)
        child = self.start(name, command, self.environment)
        return Node(self, child, root, "--event-queue" in options)

    def command(self, name, endpoint, *more):
        root = self.folder / name
        root.mkdir(exist_ok=True)
        place = f"s3://{BUCKET}/tree"
        return [
            str(self.martlet), "sync", str(root), place, "--endpoint-url", endpoint, "--node-id", name, *more]

    @property
    def environment(self):
        return KEYS | {"PATH": "/usr/bin:/bin", "HOME": self.work.name}


class Node:
    def __init__(self, bench, child, root, has_events):
        self.bench, self.child, self.root, self.has_events = bench, child, root, has_events

    def status(self):
        reply = subprocess.run(
            [self.bench.martlet, "status", "--json", self.root], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            return json.loads(reply.stdout)
        except ValueError:
            return None

    def settled(self, seconds=300):
        """Waits until it has nothing to do and hears of events."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status = self.status()
            if status and status.get("isReady") and status.get("state") == "idle":
                if not self.has_events or (status.get("events") or {}).get("state") == "live":
                    return
            if self.child.poll() is not None:
                break
            time.sleep(0.5)
        sys.exit(f"{self.root.name} does not settle: {status}")

    def cpu(self):
        """Seconds, of user and system."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def server_command(kind, port, bench):
    folder = bench.folder
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    if kind == "embedded":
        return [bench.martlet, "serve-s3", "--port", str(port)], environment
    if kind == "moto":
        command = [PROJECT / ".venv/bin/moto_server", "-H", "127.0.0.1", "-p", str(port)]
        return command, environment | {"INITIAL_NO_AUTH_ACTION_COUNT": "999999999"}
    subprocess.run([PROJECT / "scripts/python-environment", "interop"], check=True)
    here = f"127.0.0.1:{port}"
    return [PROJECT / ".venv-interop/bin/python", PROJECT / "scripts/run-localstack.py"], environment | {
        "SERVICES": "s3,sqs,sns,events,sts", "GATEWAY_LISTEN": here, "LOCALSTACK_HOST": here, "DISABLE_EVENTS": "1",
        "USE_SSL": "0", "DNS_ADDRESS": "0", "LOCALSTACK_VOLUME_DIR": str(folder / "localstack")}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class CountingProxy:
    """Hands on bytes in both directions and reads the heads of the requests."""

    def __init__(self, port):
        self.port = port
        self.counts = collections.Counter()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.begin(self.accept)

    def begin(self, body, *arguments):
        threading.Thread(target=body, args=arguments, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            self.begin(self.serve, client)

    def serve(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.port))
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.begin(self.pump, server, client)
            self.requests(client.makefile("rb"), server)
        except OSError:
            pass
        finally:
            client.close()

    def pump(self, source, target):
        try:
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def requests(self, reader, server):
        while head := self.head(reader):
            server.sendall(head)
            length = int((re.search(rb"(?i)\r\ncontent-length: *(\d+)", head) or [0, 0])[1])
            first = b""
            while length and (data := reader.read1(min(length, 1 << 16))):
                first = first or data
                length -= len(data)
                server.sendall(data)
            self.counts[kind(head.decode("latin-1"), first.decode("latin-1"))] += 1
        server.shutdown(socket.SHUT_RDWR)

    def head(self, reader):
        lines = []
        while line := reader.readline():
            lines.append(line)
            if line == b"\r\n":
                return b"".join(lines)
        return None


def kind(head, body):
    """The name of the call, as far as prices and limits tell them apart."""
    method, target, _ = head.split("\r\n", 1)[0].split(" ", 2)
    if found := re.search(r"(?i)\r\nx-amz-target: *\w+\.(\w+)", head):
        return f"sqs:{found[1]}" if "AmazonSQS" in found[0] else f"events:{found[1]}"
    if method == "POST" and (found := re.search(r"(?:^|&)Action=(\w+)", body)):
        return f"sns:{found[1]}"
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query, keep_blank_values=True)
    return "s3:LIST" if "list-type" in query else f"s3:{method}"


def percentile(values, share):
    """By nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]
