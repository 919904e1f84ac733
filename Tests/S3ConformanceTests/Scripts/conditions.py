"""Conditional writes: create, replace, delete, complete, copy; one winner of a race."""
import concurrent.futures
import datetime

from botocore.exceptions import ClientError

from common import BUCKET, MIB, WRONG_ETAG, check, equal, fails, get, head, keys, main, put, s3


@check
def create_only_if_absent(key):
    put(key, b"v1", IfNoneMatch="*")
    response = fails(412, "PreconditionFailed", put, key, b"v2", IfNoneMatch="*")
    equal(response["Error"]["Condition"], "If-None-Match")
    equal(get(key), b"v1")


@check
def create_with_another_value_is_not_implemented(key):
    fails(501, "NotImplemented", put, key, IfNoneMatch=WRONG_ETAG)


@check
def replace_only_if_unchanged(key):
    etag = put(key, b"v1")["ETag"]
    put(key, b"v2", IfMatch=etag)
    fails(412, "PreconditionFailed", put, key, b"v3", IfMatch=etag)
    put(key, b"v3", IfMatch=head(key)["ETag"].strip('"'))
    equal(get(key), b"v3")


@check
def replace_of_a_missing_key(key):
    fails(404, "NoSuchKey", put, key, IfMatch=WRONG_ETAG)


@check
def delete_only_if_unchanged(key):
    etag = put(key)["ETag"]
    fails(412, "PreconditionFailed", s3.delete_object, Bucket=BUCKET, Key=key, IfMatch=WRONG_ETAG)
    equal(get(key), b"v1")
    s3.delete_object(Bucket=BUCKET, Key=key, IfMatch=etag)
    fails(404, "NoSuchKey", s3.delete_object, Bucket=BUCKET, Key=key, IfMatch=etag)


@check
def delete_objects_with_a_condition_per_key(key):
    names = [f"{key}/{n}" for n in ("right", "wrong", "gone")]
    etag = put(names[0])["ETag"]
    put(names[1])
    got = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [
        {"Key": names[0], "ETag": etag}, {"Key": names[1], "ETag": WRONG_ETAG}, {"Key": names[2], "ETag": etag}]})
    equal([d["Key"] for d in got["Deleted"]], names[:1])
    equal([(e["Key"], e["Code"]) for e in got["Errors"]],
          [(names[1], "PreconditionFailed"), (names[2], "NoSuchKey")])
    equal(keys(Prefix=key + "/"), [names[1]])


def _upload(key):
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=b"new")["ETag"]
    return dict(Bucket=BUCKET, Key=key, UploadId=upload,
                MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]})


@check
def complete_only_if_absent(key):
    s3.complete_multipart_upload(**_upload(key), IfNoneMatch="*")
    fails(412, "PreconditionFailed", s3.complete_multipart_upload, **_upload(key), IfNoneMatch="*")


@check
def complete_only_if_unchanged(key):
    etag = put(key)["ETag"]
    upload = _upload(key)
    fails(412, "PreconditionFailed", s3.complete_multipart_upload, **upload, IfMatch=WRONG_ETAG)
    equal(get(key), b"v1")
    s3.complete_multipart_upload(**upload, IfMatch=etag)
    equal(get(key), b"new")
    fails(404, "NoSuchKey", s3.complete_multipart_upload, **_upload(key + "-missing"), IfMatch=etag)


@check
def copy_source_conditions(key):
    etag = put(key)["ETag"]
    time = head(key)["LastModified"]
    hour = datetime.timedelta(hours=1)

    def copy(**conditions):
        return s3.copy_object(Bucket=BUCKET, Key=key + "2", CopySource={"Bucket": BUCKET, "Key": key}, **conditions)

    fails(412, "PreconditionFailed", copy, CopySourceIfMatch=WRONG_ETAG)
    fails(412, "PreconditionFailed", copy, CopySourceIfNoneMatch=etag)
    fails(412, "PreconditionFailed", copy, CopySourceIfModifiedSince=time)
    fails(412, "PreconditionFailed", copy, CopySourceIfUnmodifiedSince=time - hour)
    fails(404, "404", head, key + "2")
    copy(CopySourceIfMatch=etag, CopySourceIfUnmodifiedSince=time - hour)
    copy(CopySourceIfNoneMatch=WRONG_ETAG)


@check
def copy_destination_conditions(key):
    put(key)
    etag = put(key + "2", b"old")["ETag"]

    def copy(to, **conditions):
        return s3.copy_object(Bucket=BUCKET, Key=to, CopySource={"Bucket": BUCKET, "Key": key}, **conditions)

    fails(412, "PreconditionFailed", copy, key + "2", IfNoneMatch="*")
    fails(412, "PreconditionFailed", copy, key + "2", IfMatch=WRONG_ETAG)
    equal(get(key + "2"), b"old")
    copy(key + "2", IfMatch=etag)
    copy(key + "3", IfNoneMatch="*")
    fails(404, "NoSuchKey", copy, key + "4", IfMatch=etag)


@check
def part_copy_source_conditions(key):
    etag = put(key, b"x" * MIB)["ETag"]
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]

    def copy(**options):
        return s3.upload_part_copy(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1,
                                   CopySource={"Bucket": BUCKET, "Key": key}, **options)

    fails(412, "PreconditionFailed", copy, CopySourceIfMatch=WRONG_ETAG)
    copy(CopySourceIfMatch=etag, CopySourceRange="bytes=0-9")
    fails(400, "InvalidArgument", copy, CopySourceRange=f"bytes=0-{MIB}")


@check
def one_winner_of_a_race(key):
    def create(number):
        try:
            put(key, b"%d" % number, IfNoneMatch="*")
            return 200
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]

    for _ in range(10):
        s3.delete_object(Bucket=BUCKET, Key=key)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            equal(sorted(pool.map(create, range(8))), [200] + [412] * 7)


main()
