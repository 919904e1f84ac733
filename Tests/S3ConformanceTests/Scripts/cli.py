"""The AWS CLI as it is used: cp, sync, mv, rm, ls, with large files and odd names."""
import os
import pathlib
import subprocess
import tempfile
import time

from common import ACCESS_KEY, BUCKET, ENDPOINT, MIB, REGION, SECRET_KEY, check, equal, get, head, keys, main, put

AWS = os.environ["S3_AWS_CLI"]
FOLDER = pathlib.Path(tempfile.mkdtemp())
ENVIRONMENT = {
    **{n: v for n, v in os.environ.items() if not n.startswith("AWS_")},
    "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_MAX_ATTEMPTS": "1", "HOME": str(FOLDER),
}


def aws(*arguments, code=0):
    done = subprocess.run(
        [AWS, "--endpoint-url", ENDPOINT, *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, f"exit {done.returncode}: {done.stdout[-300:]} {done.stderr[-300:]}"
    return done.stdout


def write(folder, name, body):
    path = FOLDER / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    # S3 knows whole seconds: a file of this very second would look newer than its upload, on AWS too.
    os.utime(path, (time.time() - 60,) * 2)
    return path


@check
def copy_up_and_down(key):
    for name, body in (("small", b"hello"), ("large", os.urandom(20 * MIB + 7))):
        path = write("cp", name, body)
        aws("s3", "cp", str(path), f"s3://{BUCKET}/{key}/{name}")
        assert head(f"{key}/{name}")["ContentLength"] == len(body)
        aws("s3", "cp", f"s3://{BUCKET}/{key}/{name}", str(path) + ".back")
        equal(pathlib.Path(str(path) + ".back").read_bytes() == body, True)
    assert head(f"{key}/large")["ETag"].endswith('-3"')


@check
def sync_both_ways(key):
    names = ["a", "b/c", "b/ü é", "b/x+y%20", "d/e/f", "quote'"]
    for name in names:
        write("up", name, name.encode())
    aws("s3", "sync", str(FOLDER / "up"), f"s3://{BUCKET}/{key}")
    equal(keys(Prefix=key + "/"), sorted((f"{key}/{n}" for n in names), key=str.encode))
    equal(aws("s3", "sync", str(FOLDER / "up"), f"s3://{BUCKET}/{key}"), "")
    aws("s3", "sync", f"s3://{BUCKET}/{key}", str(FOLDER / "down"))
    for name in names:
        equal((FOLDER / "down" / name).read_bytes(), name.encode())
    (FOLDER / "up" / "a").unlink()
    aws("s3", "sync", "--delete", str(FOLDER / "up"), f"s3://{BUCKET}/{key}")
    assert f"{key}/a" not in keys(Prefix=key + "/")


@check
def move_inside_the_bucket(key):
    put(key + "/from", b"moved")
    aws("s3", "mv", f"s3://{BUCKET}/{key}/from", f"s3://{BUCKET}/{key}/to")
    equal((keys(Prefix=key + "/"), get(key + "/to")), ([key + "/to"], b"moved"))


@check
def copy_of_a_large_object(key):
    path = write("big", "file", os.urandom(12 * MIB))
    aws("s3", "cp", str(path), f"s3://{BUCKET}/{key}/1")
    aws("s3", "cp", f"s3://{BUCKET}/{key}/1", f"s3://{BUCKET}/{key}/2")
    equal(get(key + "/2") == path.read_bytes(), True)


@check
def list_and_remove(key):
    for name in ("a", "b/1", "b/2"):
        put(f"{key}/{name}", b"12345")
    listed = [line.split() for line in aws("s3", "ls", f"s3://{BUCKET}/{key}/").splitlines()]
    equal([line[-2:] for line in listed], [["PRE", "b/"], ["5", "a"]])
    aws("s3", "rm", "--recursive", f"s3://{BUCKET}/{key}/")
    equal(keys(Prefix=key + "/"), [])
    aws("s3", "ls", f"s3://{BUCKET}/{key}/", code=1)


@check
def buckets(key):
    aws("s3", "mb", f"s3://{BUCKET}-cli")
    assert f"{BUCKET}-cli" in aws("s3", "ls")
    aws("s3", "rb", f"s3://{BUCKET}-cli")
    assert f"{BUCKET}-cli" not in aws("s3", "ls")


main()
