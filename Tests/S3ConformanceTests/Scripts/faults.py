"""Injected faults, through the control endpoint."""
import json
import time
import urllib.request

from botocore.exceptions import BotoCoreError, HTTPClientError

from common import BUCKET, ENDPOINT, MIB, check, equal, fails, get, head, keys, main, put, s3


def _control(method, path, value=None):
    data = json.dumps(value).encode() if value is not None else None
    with urllib.request.urlopen(urllib.request.Request(ENDPOINT + path, method=method, data=data)) as reply:
        return json.loads(reply.read() or b"null")


def _faults(*faults, **options):
    _control("PUT", "/_faults", {"faults": faults, **options})


def _fault(kind, operations=(), key=None, skip=0, count=None, **action):
    fault = {"operations": list(operations), "skip": skip, "action": {"kind": kind, **action}}
    if key is not None:
        fault["key"] = key
    if count is not None:
        fault["count"] = count
    return fault


def _loses_connection(function, *arguments, **options):
    try:
        function(*arguments, **options)
    except (BotoCoreError, HTTPClientError):
        return
    raise AssertionError("the connection was to be lost")


@check
def status_by_operation_key_and_count(key):
    _faults(_fault("status", ["PutObject"], "*.txt", skip=1, count=2, status=503, code="SlowDown"))
    put(key + ".txt")
    put(key)
    fails(503, "SlowDown", put, key + ".txt", b"v2")
    fails(503, "SlowDown", put, key + ".txt", b"v2")
    equal(get(key + ".txt"), b"v1")
    put(key + ".txt", b"v2")


@check
def denied_listing(key):
    _faults(_fault("status", ["ListObjectsV2"], status=403, code="AccessDenied"))
    fails(403, "AccessDenied", keys)
    put(key)


@check
def lost_before_and_after_the_effect(key):
    _faults(_fault("dropBefore", ["PutObject"], count=1))
    _loses_connection(put, key)
    fails(404, "404", head, key)
    _faults(_fault("dropAfter", ["PutObject"], count=1))
    _loses_connection(put, key)
    equal(get(key), b"v1")


@check
def delayed(key):
    _faults(_fault("delay", ["PutObject"], milliseconds=300))
    began = time.monotonic()
    put(key)
    assert time.monotonic() - began >= 0.3


@check
def spoiled_bodies(key):
    for body in (b"small", b"x" * (3 * MIB)):
        _faults()
        put(key, body)
        _faults(_fault("truncate", ["GetObject"], bytes=3))
        _loses_connection(get, key)
        _faults(_fault("corrupt", ["GetObject"]))
        got = get(key)
        equal((len(got), got == body), (len(body), False))


@check
def ignored_conditions(key):
    _faults(_fault("ignoreConditions", ["PutObject", "DeleteObject"]))
    put(key)
    put(key, b"v2", IfNoneMatch="*")
    s3.delete_object(Bucket=BUCKET, Key=key, IfMatch='"0"')
    fails(404, "404", head, key)


@check
def error_inside_success(key):
    put(key)
    _faults(_fault("errorInside", ["CopyObject"], code="InternalError"))
    fails(500, "InternalError", s3.copy_object, Bucket=BUCKET, Key=key + "2",
          CopySource={"Bucket": BUCKET, "Key": key})
    fails(404, "404", head, key + "2")


@check
def another_clock(key):
    _faults(clockOffset=3600)
    fails(403, "RequestTimeTooSkewed", put, key)
    _faults()


@check
def bad_faults_are_refused(key):
    try:
        _faults(_fault("nonsense"))
    except urllib.error.HTTPError as error:
        equal(error.code, 400)
    else:
        raise AssertionError("accepted")


@check
def counts_and_log(key):
    _control("DELETE", "/_requests")
    put(key)
    get(key)
    fails(404, "404", head, key + "x")
    equal(_control("GET", "/_stat"), {"PutObject": 1, "GetObject": 1, "HeadObject": 1})
    log = [(e["operation"], e["key"], e["status"]) for e in _control("GET", "/_requests")]
    equal(log, [("PutObject", key, 200), ("GetObject", key, 200), ("HeadObject", key + "x", 404)])


main()
