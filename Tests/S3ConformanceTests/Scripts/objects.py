"""Single objects: bodies, headers, ranges, reads with conditions, tags, copies."""
import base64
import datetime
import hashlib

from common import BUCKET, MIB, WRONG_ETAG, check, equal, fails, get, head, keys, main, put, s3


@check
def etag_is_md5(key):
    equal(put(key, b"hello")["ETag"], f'"{hashlib.md5(b"hello").hexdigest()}"')


@check
def empty_body(key):
    put(key, b"")
    equal(get(key), b"")
    equal(head(key)["ContentLength"], 0)


@check
def large_body(key):
    body = bytes(range(256)) * (12 * MIB // 256) + b"tail"
    put(key, body)
    equal(hashlib.sha256(get(key)).digest(), hashlib.sha256(body).digest())
    equal(get(key, Range=f"bytes={MIB - 2}-{MIB + 1}"), body[MIB - 2:MIB + 2])


@check
def headers_and_metadata_round_trip(key):
    sent = dict(
        ContentType="text/x-foo", CacheControl="max-age=3", ContentDisposition="inline", ContentEncoding="gzip",
        ContentLanguage="de", StorageClass="STANDARD_IA", Metadata={"mtime": "123.500000000", "mode": "33188"})
    put(key, **sent)
    got = head(key)
    for name, value in sent.items():
        equal(got[name], value)
    equal(s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"][0]["StorageClass"], "STANDARD_IA")


@check
def content_type_defaults_to_octet_stream(key):
    put(key)
    equal(head(key)["ContentType"], "binary/octet-stream")
    assert "StorageClass" not in head(key)


@check
def metadata_over_2_kib_is_refused(key):
    fails(400, "MetadataTooLarge", put, key, Metadata={"a": "x" * 2048})


@check
def overwrite_replaces_everything(key):
    put(key, b"one", Metadata={"a": "1"})
    put(key, b"second")
    equal(get(key), b"second")
    equal(head(key)["Metadata"], {})


@check
def missing_key_and_bucket(key):
    fails(404, "NoSuchKey", get, key)
    fails(404, "404", head, key)
    fails(404, "NoSuchBucket", s3.get_object, Bucket="no-such-bucket-here", Key=key)
    fails(404, "NoSuchBucket", s3.list_objects_v2, Bucket="no-such-bucket-here")


@check
def delete_of_a_missing_key_succeeds(key):
    equal(s3.delete_object(Bucket=BUCKET, Key=key)["ResponseMetadata"]["HTTPStatusCode"], 204)


@check
def ranges(key):
    put(key, b"0123456789")
    got = s3.get_object(Bucket=BUCKET, Key=key, Range="bytes=2-5")
    equal((got["Body"].read(), got["ContentRange"]), (b"2345", "bytes 2-5/10"))
    equal(got["ResponseMetadata"]["HTTPStatusCode"], 206)
    equal(get(key, Range="bytes=7-"), b"789")
    equal(get(key, Range="bytes=-3"), b"789")
    equal(get(key, Range="bytes=8-100"), b"89")
    equal(get(key, Range="bytes=5-2"), b"0123456789")
    equal(head(key, Range="bytes=2-5")["ContentLength"], 4)
    fails(416, "InvalidRange", get, key, Range="bytes=10-")
    fails(416, "InvalidRange", get, key, Range="bytes=-0")


@check
def reads_with_etag_conditions(key):
    etag = put(key)["ETag"]
    equal(get(key, IfMatch=etag), b"v1")
    equal(get(key, IfMatch=etag.strip('"')), b"v1")
    equal(get(key, IfMatch="*"), b"v1")
    equal(get(key, IfNoneMatch=WRONG_ETAG), b"v1")
    equal(get(key, Range="bytes=1-1", IfMatch=etag), b"1")
    fails(412, "PreconditionFailed", get, key, IfMatch=WRONG_ETAG)
    fails(412, "PreconditionFailed", get, key, IfMatch=WRONG_ETAG, Range="bytes=1-1")
    fails(412, "PreconditionFailed", head, key, IfMatch=WRONG_ETAG)
    fails(304, "304", get, key, IfNoneMatch=etag)
    fails(304, "304", head, key, IfNoneMatch=etag)
    equal(get(key), b"v1")


@check
def reads_with_date_conditions(key):
    put(key)
    time = head(key)["LastModified"]
    hour = datetime.timedelta(hours=1)
    fails(304, "304", get, key, IfModifiedSince=time)
    equal(get(key, IfModifiedSince=time - hour), b"v1")
    equal(get(key, IfUnmodifiedSince=time), b"v1")
    fails(412, "PreconditionFailed", get, key, IfUnmodifiedSince=time - hour)


@check
def etag_conditions_win_over_dates(key):
    etag = put(key)["ETag"]
    time = head(key)["LastModified"]
    hour = datetime.timedelta(hours=1)
    equal(get(key, IfMatch=etag, IfUnmodifiedSince=time - hour), b"v1")
    equal(get(key, IfNoneMatch=WRONG_ETAG, IfModifiedSince=time), b"v1")


@check
def response_header_overrides(key):
    put(key)
    got = s3.get_object(Bucket=BUCKET, Key=key, ResponseContentType="text/x-bar", ResponseCacheControl="no-cache")
    equal((got["ContentType"], got["CacheControl"]), ("text/x-bar", "no-cache"))


@check
def content_md5_is_verified(key):
    def md5(body):
        return base64.b64encode(hashlib.md5(body).digest()).decode()

    put(key, b"right", ContentMD5=md5(b"right"))
    fails(400, "BadDigest", put, key, b"x", ContentMD5=md5(b"y"))
    fails(400, "InvalidDigest", put, key, b"x", ContentMD5="bm8=")
    equal(get(key), b"right")


@check
def last_modified_agrees_in_head_and_list(key):
    put(key)
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"][0]["LastModified"]
    equal(listed, head(key)["LastModified"])
    equal(listed.microsecond, 0)


@check
def delete_objects_reports_each_key(key):
    for name in ("a", "b", "c"):
        put(f"{key}/{name}")
    names = [f"{key}/{n}" for n in ("a", "b", "never")]
    got = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": n} for n in names]})
    equal([d["Key"] for d in got["Deleted"]], names)
    equal(keys(Prefix=key + "/"), [f"{key}/c"])


@check
def delete_objects_quietly(key):
    put(key)
    got = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key}], "Quiet": True})
    assert "Deleted" not in got and "Errors" not in got
    fails(404, "404", head, key)


@check
def tags(key):
    put(key, Tagging="a=1&b=x%20y")
    equal(head(key)["TagCount"], 2)
    wanted = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "x y"}]
    equal(s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"], wanted)
    s3.put_object_tagging(Bucket=BUCKET, Key=key, Tagging={"TagSet": [{"Key": "c", "Value": "<&>"}]})
    equal(s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"], [{"Key": "c", "Value": "<&>"}])
    s3.delete_object_tagging(Bucket=BUCKET, Key=key)
    equal(s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"], [])
    fails(400, "InvalidTag", put, key, Tagging="a=1&a=2")


@check
def acl_is_the_owners(key):
    put(key)
    got = s3.get_object_acl(Bucket=BUCKET, Key=key)
    equal([g["Permission"] for g in got["Grants"]], ["FULL_CONTROL"])
    equal(got["Grants"][0]["Grantee"]["ID"], got["Owner"]["ID"])


@check
def copy_keeps_headers_and_tags(key):
    put(key, b"body", ContentType="text/x-foo", Metadata={"a": "1"}, Tagging="t=1")
    s3.copy_object(Bucket=BUCKET, Key=key + "2", CopySource={"Bucket": BUCKET, "Key": key})
    got = head(key + "2")
    equal((got["ContentType"], got["Metadata"], got["TagCount"]), ("text/x-foo", {"a": "1"}, 1))
    equal((get(key + "2"), got["ETag"]), (b"body", head(key)["ETag"]))


@check
def copy_replaces_headers_and_tags(key):
    put(key, ContentType="text/x-foo", Metadata={"a": "1"}, Tagging="t=1")
    s3.copy_object(
        Bucket=BUCKET, Key=key, CopySource={"Bucket": BUCKET, "Key": key}, MetadataDirective="REPLACE",
        Metadata={"b": "2"}, TaggingDirective="REPLACE", Tagging="u=2")
    got = head(key)
    equal((got["ContentType"], got["Metadata"]), ("binary/octet-stream", {"b": "2"}))
    equal(s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"], [{"Key": "u", "Value": "2"}])


@check
def copy_onto_itself_needs_a_change(key):
    put(key)
    source = {"Bucket": BUCKET, "Key": key}
    fails(400, "InvalidRequest", s3.copy_object, Bucket=BUCKET, Key=key, CopySource=source)
    s3.copy_object(Bucket=BUCKET, Key=key, CopySource=source, StorageClass="STANDARD_IA")
    equal(head(key)["StorageClass"], "STANDARD_IA")


@check
def copy_of_odd_keys(key):
    for name in (f"{key}/a b+c%20?x=y&ü", f"{key}//x/../y"):
        put(name, name.encode())
        s3.copy_object(Bucket=BUCKET, Key=name + "-copy", CopySource={"Bucket": BUCKET, "Key": name})
        equal(get(name + "-copy"), name.encode())


@check
def copy_of_a_missing_source(key):
    fails(404, "NoSuchKey", s3.copy_object, Bucket=BUCKET, Key=key, CopySource={"Bucket": BUCKET, "Key": "nope"})
    fails(404, "NoSuchBucket", s3.copy_object, Bucket=BUCKET, Key=key, CopySource={"Bucket": "nope-nope", "Key": "x"})


main()
