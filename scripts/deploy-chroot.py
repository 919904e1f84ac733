"""Makes the image of deploy/Dockerfile in a chroot, since no container engine is needed for that, and uses it.

    deploy-chroot.py PROGRAM

PROGRAM is the binary of `make build`. Needs root, debootstrap and Debian's archive (MIRROR). The steps of the last
stage run in a fresh Debian as they stand in the Dockerfile, the program gets in by `make install`. Then each name of
the program runs as a container would: process 1 of its own namespace, without capabilities, on a read-only root, with
a volume that took the folder's owner and mode, as the image's user and as one that nobody knows; it syncs with
`martlet serve-s3` outside, until SIGTERM.
"""
import contextlib
import json
import os
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import boto3
from botocore.config import Config

import dockerfile

ROOT = Path(__file__).resolve().parent.parent
MIRROR = os.environ.get("MIRROR", "http://deb.debian.org/debian")
BUCKET = "martlet-image"
KEYS = {"AWS_ACCESS_KEY_ID": "embedded", "AWS_SECRET_ACCESS_KEY": "embedded-secret", "AWS_REGION": "us-east-1"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FOLDER = "/home/mobius3/data"


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


class Image:
    def __init__(self, folder, program):
        self.root = folder / "image"
        self.stage = dockerfile.stages(ROOT / "deploy/Dockerfile")[-1][1]
        self.environment = {"PATH": PATH}
        self.user = "0:0"
        base = dockerfile.stages(ROOT / "deploy/Dockerfile")[-1][0]
        distribution, _, release = base.partition(":")
        assert distribution == "debian", base
        suite = release.removesuffix("-slim")
        print(f"Making a Debian {suite} ...", flush=True)
        run("debootstrap", "--variant=minbase", suite, self.root, MIRROR, stdout=subprocess.DEVNULL)
        # What this machine needs to reach the archive.
        for path in Path("/etc/apt/apt.conf.d").glob("*"):
            if "docker" not in path.name:
                shutil.copy(path, self.root / "etc/apt/apt.conf.d")
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        self.built = self.install(folder, Path(program).resolve())
        for instruction, text in self.stage:
            self.step(instruction, text)

    @staticmethod
    def install(folder, program):
        """What the first stage leaves in /out: the recipe of the Makefile, with a program that is there."""
        work = folder / "build"
        (work / ".build/release").mkdir(parents=True)
        shutil.copy(ROOT / "Makefile", work)
        (work / ".build/release/martlet").symlink_to(program)
        out = folder / "out"
        run("make", "--assume-old=build", "install", f"DESTDIR={out}", "PREFIX=/usr/local", cwd=work,
            stdout=subprocess.DEVNULL)
        run("strip", out / "usr/local/bin/martlet")
        return out

    def step(self, instruction, text):
        print(f"  {instruction} {text}", flush=True)
        if instruction == "RUN":
            assert self.user == "0:0", "RUN behind USER"
            variables = [f"{name}={value}" for name, value in self.environment.items()]
            done = subprocess.run(
                ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "chroot", self.root, "env", "-i",
                 *variables, *self.proxies(), "/bin/sh", "-c", text], capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(f"status {done.returncode}:\n{done.stdout}{done.stderr}")
        elif instruction == "COPY":
            words = text.split()
            assert words[0] == "--from=build" and words[1] == "/out/usr/local/bin/", text
            for path in (self.built / "usr/local/bin").iterdir():
                shutil.copy2(path, self.root / words[2].lstrip("/") / path.name, follow_symlinks=False)
        elif instruction == "ENV":
            self.environment |= dict(pair.split("=", 1) for pair in shlex.split(text))
        elif instruction == "USER":
            self.user = text

    @staticmethod
    def proxies():
        return [f"{name}={value}" for name, value in os.environ.items() if name.lower().endswith("_proxy")]

    @property
    def programs(self):
        return sorted(path.name for path in (self.root / "usr/local/bin").iterdir())

    def volume(self, folder):
        """A new one: it takes owner and mode of the folder that it is mounted on."""
        folder.mkdir()
        status = (self.root / FOLDER.lstrip("/")).stat()
        os.chown(folder, status.st_uid, status.st_gid)
        os.chmod(folder, status.st_mode & 0o7777)
        return folder


class Container:
    """Running a command in the image, with a volume."""

    def __init__(self, image, command, user, volume, variables, without=()):
        self.user = user
        self.variables = {name: value for name, value in (image.environment | variables).items() if name not in without}
        script = f"""
            set -e
            mount --bind {image.root} {image.root}
            mount --bind {volume} {image.root}{FOLDER}
            mount -o remount,bind,ro {image.root}
            mount -t proc proc {image.root}/proc
            cd {image.root}
            exec chroot . "$@"
        """
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", script, "sh",
             *self.entering(), *command],
            stdout=self.log, stderr=self.log)

    def entering(self):
        uid, gid = self.user.split(":")
        return ["setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", "--no-new-privs", "--inh-caps=-all",
                "--bounding-set=-all", "env", "-i", *(f"{name}={value}" for name, value in self.variables.items())]

    @property
    def child(self):
        """Process 1 of the container, as it is numbered out here; None before it is."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else None

    def is_healthy(self, command):
        assert self.process.poll() is None, f"it ended with {self.process.returncode}"
        child = self.child
        # Before its chroot it has the root of this machine.
        if child is None or os.readlink(f"/proc/{child}/root") == "/":
            return False
        entering = ["nsenter", "--target", str(child), "--mount", "--pid", "--root", "--wd"]
        return subprocess.run([*entering, *self.entering(), *command], capture_output=True).returncode == 0

    def said(self):
        self.log.seek(0)
        return self.log.read().decode()

    def stop(self, within):
        os.kill(self.child, signal.SIGTERM)
        return self.process.wait(within)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if error is not None:
            print(self.said())


def eventually(what, condition, within=60):
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {within} s"
        time.sleep(0.05)


def use(image, server, client, folder, name, user, home=True):
    """A life of a container, from an empty volume to SIGTERM."""
    prefix = f"{name}-{user.replace(':', '-')}{'' if home else '-homeless'}"
    location, variables = f"s3://{BUCKET}/{prefix}", KEYS | {"AWS_ENDPOINT_URL": server}
    (sidecar, _) = json.loads((ROOT / "deploy/ecs-task-definition.json").read_text())["containerDefinitions"]
    command = {
        "martlet": sidecar["command"],
        "s3-sync2": ["s3-sync2", "--poll", "1", FOLDER, location],
        "mobius3": ["mobius3", FOLDER, f"{server}/{BUCKET}/", "us-east-1", "--prefix", f"{prefix}/"],
    }[name]
    if name == "martlet":
        variables |= {"MARTLET_S3_URI": location, "MARTLET_POLL": "1"}
    client.put_object(Bucket=BUCKET, Key=f"{prefix}/remote", Body=b"from the bucket")
    volume = image.volume(folder / prefix)
    _, health = dockerfile.health(dockerfile.last(image.stage, "HEALTHCHECK"))
    with Container(image, command, user, volume, variables, without=() if home else ("HOME",)) as container:
        eventually("healthy", lambda: container.is_healthy(health))
        assert (volume / "remote").read_bytes() == b"from the bucket"
        owner = (volume / "remote").stat()
        assert f"{owner.st_uid}:{owner.st_gid}" == user, f"the file is {owner.st_uid}:{owner.st_gid}'s"

        # The last that the application writes before it is told to end.
        uid, gid = (int(part) for part in user.split(":"))
        contents = {f"{prefix}/local {number}": os.urandom(1 << 20) for number in range(30)}
        contents[f"{prefix}/large"] = os.urandom(40 << 20)
        for key, content in contents.items():
            path = volume / key.removeprefix(f"{prefix}/")
            path.write_bytes(content)
            os.chown(path, uid, gid)
        start = time.monotonic()
        status = container.stop(within=sidecar["stopTimeout"])
        took = time.monotonic() - start
        assert status == 0, f"status {status}"
        for key, content in contents.items():
            assert client.get_object(Bucket=BUCKET, Key=key)["Body"].read() == content, key
    print(f"{name} as {user}{'' if home else ' without HOME'}: healthy, SIGTERM: 0 in {took:.1f} s, all uploaded",
          flush=True)


def refused(image, server, folder):
    """A volume that belongs to root, as Fargate makes those of other folders: said, not waited for."""
    volume = folder / "foreign"
    volume.mkdir(mode=0o755)
    variables = KEYS | {"AWS_ENDPOINT_URL": server, "MARTLET_S3_URI": f"s3://{BUCKET}/foreign"}
    with Container(image, ["martlet", "sync"], image.user, volume, variables) as container:
        status = container.process.wait(60)
        said = container.said()
        assert status == 2 and "Permission denied" in said, f"status {status}"
    print(f"a volume of root's: status 2: {said.strip().splitlines()[-1]}")


def long_name(image, server, client, folder):
    """The path of the control socket is longer than a socket's address."""
    bucket = "b" * 63
    client.create_bucket(Bucket=bucket)
    variables = KEYS | {"AWS_ENDPOINT_URL": server, "MARTLET_S3_URI": f"s3://{bucket}/x"}
    with Container(image, ["martlet", "sync"], "12345:0", image.volume(folder / "long"), variables) as container:
        eventually("healthy", lambda: container.is_healthy(["martlet", "status"]))
        assert container.stop(within=60) == 0, "status"
    print("a bucket with a name of 63 bytes: healthy")


@contextlib.contextmanager
def over_tls(port):
    """A port that forwards to the server's what comes over TLS, with a certificate of the tests."""
    vectors = ROOT / "Tests/AWSKitTests/Vectors/tls"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(vectors / "server.pem", vectors / "server.key")
    listener = socket.create_server(("127.0.0.1", 0))

    def copy(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve(raw):
        with contextlib.suppress(OSError):
            client = context.wrap_socket(raw, server_side=True)
            server = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=copy, args=(server, client), daemon=True).start()
            copy(client, server)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def trusted(image, port, folder):
    """The authorities of the image are found: one that is none of them is refused, one that was added is taken."""
    with over_tls(port) as url:
        variables = KEYS | {"AWS_ENDPOINT_URL": url, "MARTLET_S3_URI": f"s3://{BUCKET}/tls", "MARTLET_ONCE": "true"}

        def status():
            volume = image.volume(Path(tempfile.mkdtemp(dir=folder)) / "tls")
            with Container(image, ["martlet", "sync"], image.user, volume, variables) as container:
                return container.process.wait(60), container.said()

        before, said = status()
        assert before == 2 and "certificate" in said.lower(), f"status {before}: {said}"
        authority = "usr/local/share/ca-certificates/tests.crt"
        shutil.copy(ROOT / "Tests/AWSKitTests/Vectors/tls/ca.pem", image.root / authority)
        run("chroot", image.root, "env", "-i", f"PATH={PATH}", "update-ca-certificates", stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        after, said = status()
        assert after == 0, f"status {after}: {said}"
    print("TLS: an unknown authority is refused, one of /etc/ssl/certs is trusted")


def main():
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="martlet-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        image = Image(folder, program)
        size = sum(path.lstat().st_size for path in image.root.rglob("*") if path.is_file() and not path.is_symlink())
        own = (image.root / "usr/local/bin/martlet").stat().st_size
        print(f"The image has {size >> 20} MB, of which martlet {own >> 20}; programs: {', '.join(image.programs)}")
        default = dockerfile.words(dockerfile.last(image.stage, "CMD"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = subprocess.Popen([program, "serve-s3", "--port", str(port), "--bucket", BUCKET],
                                  stdout=subprocess.DEVNULL)
        url = f"http://127.0.0.1:{port}"
        client = boto3.client("s3", endpoint_url=url, aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
                              aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1",
                              config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 10}))
        try:
            eventually("the server", lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
            with Container(image, default, image.user, image.volume(folder / "help"), {}) as container:
                assert container.process.wait(30) == 0 and "martlet" in container.said(), "the help"
            for name in image.programs:
                for user in (image.user, "12345:0"):
                    use(image, url, client, folder, name, user)
            use(image, url, client, folder, "martlet", "12345:0", home=False)
            refused(image, url, folder)
            long_name(image, url, client, folder)
            trusted(image, port, folder)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
