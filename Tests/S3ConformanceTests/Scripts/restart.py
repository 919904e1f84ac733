"""Writes with `write`; after a restart of the server `verify` finds all of it. The bucket is named by the caller."""
import json
import os
import pathlib
import sys

import common
from common import MIB, check, equal, fails, get, head, keys, put, s3

common.BUCKET = BUCKET = "restarted"
STATE = pathlib.Path(os.environ["S3_STATE"])


def write():
    s3.create_bucket(Bucket=BUCKET)
    put("plain", b"first")
    put("plain", b"second", Metadata={"a": "1"}, ContentType="text/x-foo", Tagging="t=1")
    put("a//b\n../ü", b"odd")
    put("empty", b"")
    put("gone", b"gone")
    s3.delete_object(Bucket=BUCKET, Key="gone")
    put("large", b"0123456789abcdef" * (3 * MIB // 16))
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "large"})
    s3.delete_object(Bucket=BUCKET, Key="large")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    version = put("versioned", b"1")["VersionId"]
    put("versioned", b"2")
    s3.delete_object(Bucket=BUCKET, Key="versioned")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="multi")["UploadId"]
    etag = s3.upload_part(Bucket=BUCKET, Key="multi", UploadId=upload, PartNumber=1, Body=b"x" * (5 * MIB))["ETag"]
    STATE.write_text(json.dumps({
        "version": version, "upload": upload, "part": etag, "modified": str(head("plain")["LastModified"])}))


def verify():
    state = json.loads(STATE.read_text())

    @check
    def objects_are_back(_):
        equal(keys(), sorted(["plain", "a//b\n../ü", "empty", "copy"], key=str.encode))
        got = head("plain")
        equal((get("plain"), got["Metadata"], got["ContentType"], got["TagCount"]),
              (b"second", {"a": "1"}, "text/x-foo", 1))
        equal(str(got["LastModified"]), state["modified"])
        equal((get("a//b\n../ü"), get("empty")), (b"odd", b""))
        equal(get("copy") == b"0123456789abcdef" * (3 * MIB // 16), True)

    @check
    def versions_are_back(_):
        fails(404, "NoSuchKey", get, "versioned")
        equal(get("versioned", VersionId=state["version"]), b"1")
        got = s3.list_object_versions(Bucket=BUCKET, Prefix="versioned")
        equal((len(got["Versions"]), len(got["DeleteMarkers"])), (2, 1))

    @check
    def uploads_are_back(_):
        last = s3.upload_part(Bucket=BUCKET, Key="multi", UploadId=state["upload"], PartNumber=2, Body=b"y")["ETag"]
        s3.complete_multipart_upload(Bucket=BUCKET, Key="multi", UploadId=state["upload"], MultipartUpload={
            "Parts": [{"PartNumber": 1, "ETag": state["part"]}, {"PartNumber": 2, "ETag": last}]})
        equal(get("multi"), b"x" * (5 * MIB) + b"y")

    common.main()


if sys.argv[1] == "write":
    write()
else:
    verify()
