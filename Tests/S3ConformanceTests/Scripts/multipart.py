"""Multipart uploads: order, sizes, checksums, lists, copies of parts."""
import base64
import hashlib

from checksums_reference import crc32, crc64nvme
from common import BUCKET, MIB, check, equal, fails, get, head, main, put, s3

FIRST = b"a" * (5 * MIB)
TAIL = b"tail"


def create(key, **options):
    return s3.create_multipart_upload(Bucket=BUCKET, Key=key, **options)["UploadId"]


def part(key, upload, number, body, **options):
    return s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=number, Body=body, **options)


def complete(key, upload, parts, **options):
    named = [p if isinstance(p, dict) else {"PartNumber": p[0], "ETag": p[1]} for p in parts]
    return s3.complete_multipart_upload(
        Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload={"Parts": named}, **options)


def two_parts(key, **options):
    upload = create(key, **options)
    return upload, [(1, part(key, upload, 1, FIRST)["ETag"]), (2, part(key, upload, 2, TAIL)["ETag"])]


@check
def object_of_two_parts(key):
    upload, parts = two_parts(key, Metadata={"a": "1"}, ContentType="text/x-foo", Tagging="t=1")
    fails(404, "404", head, key)
    etag = complete(key, upload, parts)["ETag"]
    digest = hashlib.md5(hashlib.md5(FIRST).digest() + hashlib.md5(TAIL).digest()).hexdigest()
    equal(etag, f'"{digest}-2"')
    got = head(key)
    equal((got["ETag"], got["ContentLength"]), (etag, 5 * MIB + 4))
    equal((got["Metadata"], got["ContentType"], got["TagCount"]), ({"a": "1"}, "text/x-foo", 1))
    equal(get(key), FIRST + TAIL)
    equal(get(key, Range=f"bytes={5 * MIB - 2}-{5 * MIB + 1}"), b"aata")


@check
def parts_in_any_order_and_again(key):
    upload = create(key)
    last = part(key, upload, 7, TAIL)["ETag"]
    part(key, upload, 3, b"b" * (5 * MIB))
    first = part(key, upload, 3, FIRST)["ETag"]
    complete(key, upload, [(3, first), (7, last)])
    equal(get(key), FIRST + TAIL)


@check
def unnamed_parts_are_left_out(key):
    upload, parts = two_parts(key)
    complete(key, upload, parts[1:])
    equal(get(key), TAIL)


@check
def small_parts_are_refused(key):
    upload = create(key)
    parts = [(n, part(key, upload, n, b"x")["ETag"]) for n in (1, 2)]
    fails(400, "EntityTooSmall", complete, key, upload, parts)


@check
def wrong_parts_are_refused(key):
    upload, parts = two_parts(key)
    fails(400, "InvalidPartOrder", complete, key, upload, parts[::-1])
    fails(400, "InvalidPart", complete, key, upload, [(1, parts[1][1])])
    fails(400, "InvalidPart", complete, key, upload, parts + [(3, parts[1][1])])
    fails(400, "MalformedXML", complete, key, upload, [])
    complete(key, upload, parts)


@check
def part_numbers_have_limits(key):
    upload = create(key)
    fails(400, "InvalidArgument", part, key, upload, 0, b"x")
    fails(400, "InvalidArgument", part, key, upload, 10001, b"x")
    part(key, upload, 10000, b"x")


@check
def unknown_uploads(key):
    fails(404, "NoSuchUpload", part, key, "nope", 1, b"x")
    fails(404, "NoSuchUpload", s3.abort_multipart_upload, Bucket=BUCKET, Key=key, UploadId="nope")
    fails(404, "NoSuchUpload", s3.list_parts, Bucket=BUCKET, Key=key, UploadId="nope")
    upload, parts = two_parts(key)
    fails(404, "NoSuchUpload", complete, key + "-other", upload, parts)
    complete(key, upload, parts)
    fails(404, "NoSuchUpload", complete, key, upload, parts)


@check
def abort(key):
    upload, parts = two_parts(key)
    s3.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload)
    fails(404, "NoSuchUpload", complete, key, upload, parts)
    equal(s3.list_multipart_uploads(Bucket=BUCKET, Prefix=key).get("Uploads", []), [])


@check
def lists_of_uploads(key):
    names = [f"{key}/{n}" for n in ("a", "b/1", "b/2", "c")]
    uploads = {n: create(n) for n in names}
    second = create(names[0])
    got = s3.list_multipart_uploads(Bucket=BUCKET, Prefix=key)["Uploads"]
    equal([u["Key"] for u in got], [names[0]] + names)
    equal({u["UploadId"] for u in got}, {second, *uploads.values()})
    got = s3.list_multipart_uploads(Bucket=BUCKET, Prefix=key + "/", Delimiter="/")
    equal([p["Prefix"] for p in got["CommonPrefixes"]], [f"{key}/b/"])
    for size in (1, 2, 3):
        pages = s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=BUCKET, Prefix=key, PaginationConfig={"PageSize": size})
        equal([u["Key"] for p in pages for u in p.get("Uploads", [])], [names[0]] + names)


@check
def lists_of_parts(key):
    upload, parts = two_parts(key)
    got = s3.list_parts(Bucket=BUCKET, Key=key, UploadId=upload)
    equal([(p["PartNumber"], p["ETag"], p["Size"]) for p in got["Parts"]],
          [(1, parts[0][1], 5 * MIB), (2, parts[1][1], 4)])
    got = s3.list_parts(Bucket=BUCKET, Key=key, UploadId=upload, MaxParts=1)
    equal((got["IsTruncated"], got["NextPartNumberMarker"], len(got["Parts"])), (True, 1, 1))
    got = s3.list_parts(Bucket=BUCKET, Key=key, UploadId=upload, PartNumberMarker=1)
    equal((got["IsTruncated"], [p["PartNumber"] for p in got["Parts"]]), (False, [2]))


@check
def parts_of_a_finished_object(key):
    upload, parts = two_parts(key)
    complete(key, upload, parts)
    got = s3.get_object(Bucket=BUCKET, Key=key, PartNumber=2)
    equal((got["Body"].read(), got["PartsCount"]), (TAIL, 2))
    equal(got["ContentRange"], f"bytes {5 * MIB}-{5 * MIB + 3}/{5 * MIB + 4}")
    equal(head(key, PartNumber=1)["ContentLength"], 5 * MIB)
    fails(416, "InvalidPartNumber", get, key, PartNumber=3)


@check
def copies_of_parts(key):
    put(key, FIRST + TAIL)
    upload = create(key + "2")
    parts = []
    for number, span in ((1, f"bytes=0-{5 * MIB - 1}"), (2, f"bytes={5 * MIB}-{5 * MIB + 3}")):
        got = s3.upload_part_copy(
            Bucket=BUCKET, Key=key + "2", UploadId=upload, PartNumber=number, CopySourceRange=span,
            CopySource={"Bucket": BUCKET, "Key": key})["CopyPartResult"]
        parts.append((number, got["ETag"]))
    equal(parts[1][1], f'"{hashlib.md5(TAIL).hexdigest()}"')
    complete(key + "2", upload, parts)
    equal(get(key + "2"), FIRST + TAIL)


@check
def copy_of_a_multipart_object_is_one_piece(key):
    upload, parts = two_parts(key)
    complete(key, upload, parts)
    got = s3.copy_object(Bucket=BUCKET, Key=key + "2", CopySource={"Bucket": BUCKET, "Key": key})["CopyObjectResult"]
    equal(got["ETag"], f'"{hashlib.md5(FIRST + TAIL).hexdigest()}"')
    equal(get(key + "2"), FIRST + TAIL)


@check
def declared_object_size(key):
    upload, parts = two_parts(key)
    fails(400, "InvalidRequest", complete, key, upload, parts, MpuObjectSize=5 * MIB + 5)
    complete(key, upload, parts, MpuObjectSize=5 * MIB + 4)


@check
def default_checksum_is_full_object(key):
    upload, parts = two_parts(key)
    complete(key, upload, parts)
    got = head(key, ChecksumMode="ENABLED")
    equal((got["ChecksumCRC64NVME"], got["ChecksumType"]), (crc64nvme(FIRST + TAIL), "FULL_OBJECT"))


@check
def declared_full_object_checksum(key):
    value = crc64nvme(FIRST + TAIL)
    upload, parts = two_parts(key, ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT")
    fails(400, "BadDigest", complete, key, upload, parts, ChecksumCRC64NVME=crc64nvme(TAIL),
          ChecksumType="FULL_OBJECT")
    got = complete(key, upload, parts, ChecksumCRC64NVME=value, ChecksumType="FULL_OBJECT")
    equal((got["ChecksumCRC64NVME"], got["ChecksumType"]), (value, "FULL_OBJECT"))


@check
def full_object_crc32(key):
    upload, parts = two_parts(key, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    got = complete(key, upload, parts)
    equal((got["ChecksumCRC32"], got["ChecksumType"]), (crc32(FIRST + TAIL), "FULL_OBJECT"))


@check
def composite_checksum(key):
    def sha256(body):
        return hashlib.sha256(body).digest()

    def text(digest):
        return base64.b64encode(digest).decode()

    upload = create(key, ChecksumAlgorithm="SHA256")
    parts = []
    for number, body in ((1, FIRST), (2, TAIL)):
        sent = text(sha256(body))
        got = part(key, upload, number, body, ChecksumSHA256=sent)
        equal(got["ChecksumSHA256"], sent)
        parts.append({"PartNumber": number, "ETag": got["ETag"], "ChecksumSHA256": sent})
    fails(400, "BadDigest", part, key, upload, 2, TAIL, ChecksumSHA256=text(sha256(b"other")))
    wrong = [parts[0], {**parts[1], "ChecksumSHA256": parts[0]["ChecksumSHA256"]}]
    fails(400, "InvalidPart", complete, key, upload, wrong)
    got = complete(key, upload, parts)
    wanted = text(sha256(sha256(FIRST) + sha256(TAIL))) + "-2"
    equal((got["ChecksumSHA256"], got["ChecksumType"]), (wanted, "COMPOSITE"))
    equal(head(key, ChecksumMode="ENABLED")["ChecksumSHA256"], wanted)


@check
def algorithms_must_agree(key):
    upload = create(key, ChecksumAlgorithm="SHA256")
    fails(400, "InvalidRequest", part, key, upload, 1, TAIL, ChecksumCRC32=crc32(TAIL))
    fails(400, "InvalidRequest", create, key, ChecksumAlgorithm="SHA256", ChecksumType="FULL_OBJECT")
    fails(400, "InvalidRequest", create, key, ChecksumAlgorithm="CRC64NVME", ChecksumType="COMPOSITE")


main()
