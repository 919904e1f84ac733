"""Additional checksums and the bodies that carry them: headers, trailers, signed chunks."""
import base64
import hashlib

from checksums_reference import crc32, crc32c, crc64nvme
from common import BUCKET, MIB, check, client, equal, fails, get, head, main, put, s3
from raw import Chunked, request


def _base64(digest):
    return base64.b64encode(digest).decode()


ALGORITHMS = {
    "CRC32": crc32, "CRC32C": crc32c, "CRC64NVME": crc64nvme,
    "SHA1": lambda b: _base64(hashlib.sha1(b).digest()),
    "SHA256": lambda b: _base64(hashlib.sha256(b).digest()),
}


@check
def reference_has_the_published_check_values(key):
    equal(base64.b64decode(crc32c(b"123456789")).hex(), "e3069283")
    equal(base64.b64decode(crc64nvme(b"123456789")).hex(), "ae8b14860a799888")


@check
def checksums_in_headers(key):
    for name, function in ALGORITHMS.items():
        value = function(b"hello")
        got = put(key, b"hello", **{f"Checksum{name}": value})
        equal((got[f"Checksum{name}"], got["ChecksumType"]), (value, "FULL_OBJECT"))
        equal(head(key, ChecksumMode="ENABLED")[f"Checksum{name}"], value)
        assert f"Checksum{name}" not in head(key)
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"][0]
        equal((listed["ChecksumAlgorithm"], listed["ChecksumType"]), ([name], "FULL_OBJECT"))


@check
def wrong_checksums_are_refused(key):
    for name, function in ALGORITHMS.items():
        fails(400, "BadDigest", put, key, b"hello", **{f"Checksum{name}": function(b"other")})
        fails(400, "InvalidRequest", put, key, b"hello", **{f"Checksum{name}": "bm8="})
    fails(404, "404", head, key)


@check
def default_is_crc64nvme(key):
    put(key, b"hello")
    equal(head(key, ChecksumMode="ENABLED")["ChecksumCRC64NVME"], crc64nvme(b"hello"))


@check
def copy_keeps_or_changes_the_algorithm(key):
    put(key, b"hello", ChecksumSHA256=ALGORITHMS["SHA256"](b"hello"))
    source = {"Bucket": BUCKET, "Key": key}
    s3.copy_object(Bucket=BUCKET, Key=key + "2", CopySource=source)
    equal(head(key + "2", ChecksumMode="ENABLED")["ChecksumSHA256"], ALGORITHMS["SHA256"](b"hello"))
    s3.copy_object(Bucket=BUCKET, Key=key + "3", CopySource=source, ChecksumAlgorithm="CRC32")
    equal(head(key + "3", ChecksumMode="ENABLED")["ChecksumCRC32"], crc32(b"hello"))


@check
def sdk_defaults(key):
    defaults = client(request_checksum_calculation="when_supported", response_checksum_validation="when_supported")
    for size in (0, 5, 3 * MIB):
        defaults.put_object(Bucket=BUCKET, Key=key, Body=b"x" * size)
        equal(defaults.get_object(Bucket=BUCKET, Key=key)["Body"].read(), b"x" * size)


def _send(key, chunked, **options):
    return request("PUT", f"/{BUCKET}/{key}", chunked=chunked, **options)


@check
def unsigned_chunks_with_trailer(key):
    for name, function in ALGORITHMS.items():
        body = b"chunky " * 20_000
        trailer = f"x-amz-checksum-{name.lower()}"
        sent = Chunked(body, size=64_000, trailers=[(trailer, function(body))])
        equal(_send(key, sent)[0], 200)
        equal(get(key), body)
        equal(head(key, ChecksumMode="ENABLED")[f"Checksum{name}"], function(body))
        assert "ContentEncoding" not in head(key)
        status, reply = _send(key + "-wrong", Chunked(body, trailers=[(trailer, function(b"other"))]))
        equal((status, b"BadDigest" in reply), (400, True))
    fails(404, "404", head, key + "-wrong")


@check
def signed_chunks(key):
    body = bytes(range(256)) * 1000
    for trailers in ([], [("x-amz-checksum-crc32", crc32(body))]):
        equal(_send(key, Chunked(body, size=65_536, signed=True, trailers=trailers))[0], 200)
        equal(get(key), body)


@check
def empty_signed_chunks(key):
    equal(_send(key, Chunked(b"", signed=True))[0], 200)
    equal(get(key), b"")


@check
def wrong_chunk_signatures_are_refused(key):
    body = b"x" * 100_000
    for spoiled in ("chunk", "data", "trailer"):
        trailers = [("x-amz-checksum-crc32", crc32(body))]
        status, reply = _send(key, Chunked(body, size=65_536, signed=True, trailers=trailers, spoil=spoiled))
        equal((status, b"SignatureDoesNotMatch" in reply), (403, True))
    fails(404, "404", head, key)


@check
def broken_chunks_are_refused(key):
    for spoiled in ("size", "length", "missing-trailer"):
        trailers = [("x-amz-checksum-crc32", crc32(b"body"))]
        status, _ = _send(key, Chunked(b"body", trailers=trailers, spoil=spoiled))
        equal(status, 400)
    fails(404, "404", head, key)


main()
