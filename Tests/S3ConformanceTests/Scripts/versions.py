"""Versions and delete markers."""
from common import BUCKET, check, equal, fails, get, head, keys, main, put, s3


def versioning(status):
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": status})


def versions(key):
    got = s3.list_object_versions(Bucket=BUCKET, Prefix=key)
    return ([(v["VersionId"], v["IsLatest"]) for v in got.get("Versions", [])],
            [(m["VersionId"], m["IsLatest"]) for m in got.get("DeleteMarkers", [])])


@check
def unversioned_at_first(key):
    assert "Status" not in s3.get_bucket_versioning(Bucket=BUCKET)
    assert "VersionId" not in put(key)
    equal(versions(key), ([("null", True)], []))
    s3.delete_object(Bucket=BUCKET, Key=key)
    equal(versions(key), ([], []))


@check
def every_write_is_a_version(key):
    versioning("Enabled")
    equal(s3.get_bucket_versioning(Bucket=BUCKET)["Status"], "Enabled")
    first, second = (put(key, body)["VersionId"] for body in (b"1", b"2"))
    equal(versions(key), ([(second, True), (first, False)], []))
    equal((get(key), get(key, VersionId=first)), (b"2", b"1"))
    equal(head(key)["VersionId"], second)
    fails(404, "NoSuchVersion", get, key, VersionId="x" * 32)


@check
def deletion_is_a_marker(key):
    version = put(key)["VersionId"]
    deleted = s3.delete_object(Bucket=BUCKET, Key=key)
    assert deleted["DeleteMarker"] is True
    response = fails(404, "NoSuchKey", get, key)
    equal(response["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"], "true")
    equal(keys(Prefix=key), [])
    equal(versions(key), ([(version, False)], [(deleted["VersionId"], True)]))
    fails(405, "MethodNotAllowed", get, key, VersionId=deleted["VersionId"])
    equal(get(key, VersionId=version), b"v1")
    # Without the marker the version is back.
    got = s3.delete_object(Bucket=BUCKET, Key=key, VersionId=deleted["VersionId"])
    assert got["DeleteMarker"] is True
    equal(get(key), b"v1")


@check
def deletion_of_a_version(key):
    first, second = (put(key, body)["VersionId"] for body in (b"1", b"2"))
    s3.delete_object(Bucket=BUCKET, Key=key, VersionId=second)
    equal(get(key), b"1")
    equal(versions(key), ([(first, True)], []))


@check
def conditions_look_at_the_current_version(key):
    etag = put(key)["ETag"]
    fails(412, "PreconditionFailed", put, key, IfNoneMatch="*")
    s3.delete_object(Bucket=BUCKET, Key=key)
    fails(404, "NoSuchKey", put, key, IfMatch=etag)
    fails(404, "NoSuchKey", s3.delete_object, Bucket=BUCKET, Key=key, IfMatch=etag)
    put(key, IfNoneMatch="*")


@check
def copy_of_a_version(key):
    first = put(key, b"1")["VersionId"]
    put(key, b"2")
    got = s3.copy_object(Bucket=BUCKET, Key=key, CopySource={"Bucket": BUCKET, "Key": key, "VersionId": first})
    equal(got["CopySourceVersionId"], first)
    equal(get(key), b"1")


@check
def delete_objects_with_versions(key):
    version = put(key)["VersionId"]
    got = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key}]})["Deleted"][0]
    assert got["DeleteMarker"] and got["DeleteMarkerVersionId"]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [
        {"Key": key, "VersionId": version}, {"Key": key, "VersionId": got["DeleteMarkerVersionId"]}]})
    equal(versions(key), ([], []))


@check
def pages_of_versions(key):
    wanted = []
    for name in ("a", "b", "c"):
        wanted += [(f"{key}/{name}", v) for v in reversed([put(f"{key}/{name}")["VersionId"] for _ in range(3)])]
    for size in (1, 2, 4, 9):
        got = []
        for page in s3.get_paginator("list_object_versions").paginate(
                Bucket=BUCKET, Prefix=key + "/", PaginationConfig={"PageSize": size}):
            got += [(v["Key"], v["VersionId"]) for v in page["Versions"]]
        equal(got, wanted)


@check
def suspended_versioning(key):
    first = put(key, b"1")["VersionId"]
    versioning("Suspended")
    equal(put(key, b"2")["VersionId"], "null")
    equal(put(key, b"3")["VersionId"], "null")
    equal(versions(key), ([("null", True), (first, False)], []))
    s3.delete_object(Bucket=BUCKET, Key=key)
    equal(versions(key), ([(first, False)], [("null", True)]))
    versioning("Enabled")


main()
