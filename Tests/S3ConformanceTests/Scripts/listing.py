"""Listings: order, paging, prefixes, encoding; keys of every odd kind."""
import urllib.parse

from common import BUCKET, check, client, equal, fails, get, keys, main, put, s3

ODD = [
    "a b", "ü/é", "e\u0301", "a//b", "//x", "../evil", "a/../b", "./c", "new\nline", "plus+plus", "pct%20x",
    "q?x&y=z#f", "a\\b", "tab\tx", "\u0001ctl", "dir/", ".", "..", "emoji😀", "\uffee", "*star", "~tilde",
    "quote'\"<>&", "cr\rx", "trailing ", " leading", "x" * 1024, "f", "f/g", "é" * 512,
]


@check
def odd_keys_round_trip(key):
    for name in ODD:
        put(name, name.encode())
    for name in ODD:
        equal(get(name), name.encode())
    for size in (1, 7, 1000):
        got = []
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": size}):
            got += [o["Key"] for o in page.get("Contents", [])]
        equal(got, sorted(ODD, key=str.encode))
    for name in ODD:
        s3.delete_object(Bucket=BUCKET, Key=name)
    equal(keys(), [])


@check
def odd_keys_are_deleted_in_a_batch(key):
    names = [n for n in ODD if n.isprintable()]
    for name in names:
        put(name)
    got = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": n} for n in names]})
    equal([d["Key"] for d in got["Deleted"]], names)
    equal(keys(), [])


@check
def keys_over_1024_bytes_are_refused(key):
    fails(400, "KeyTooLongError", put, "x" * 1025)
    fails(400, "KeyTooLongError", put, "é" * 513)


def _tree(key):
    for name in ("a", "a.txt", "a/1", "a/2", "b/1", "c", "d/x/y"):
        put(f"{key}/{name}")
    return key + "/"


@check
def prefix_and_delimiter(key):
    root = _tree(key)
    got = s3.list_objects_v2(Bucket=BUCKET, Prefix=root, Delimiter="/")
    equal([o["Key"] for o in got["Contents"]], [root + n for n in ("a", "a.txt", "c")])
    equal([p["Prefix"] for p in got["CommonPrefixes"]], [root + n for n in ("a/", "b/", "d/")])
    equal((got["KeyCount"], got["IsTruncated"]), (6, False))
    equal(keys(Prefix=root + "a/"), [root + "a/1", root + "a/2"])
    equal(keys(Prefix=root + "zzz"), [])


@check
def pages_of_keys_and_prefixes(key):
    root = _tree(key)
    wanted = [root + n for n in ("a", "a.txt", "a/", "b/", "c", "d/")]
    for version in ("list_objects_v2", "list_objects"):
        for size in range(1, 8):
            got = []
            pages = s3.get_paginator(version).paginate(
                Bucket=BUCKET, Prefix=root, Delimiter="/", PaginationConfig={"PageSize": size})
            for page in pages:
                names = [o["Key"] for o in page.get("Contents", [])]
                names += [p["Prefix"] for p in page.get("CommonPrefixes", [])]
                assert len(names) <= size
                got += sorted(names)
            equal(got, wanted)


@check
def another_delimiter(key):
    for name in ("x--1", "x--2", "y"):
        put(f"{key}/{name}")
    got = s3.list_objects_v2(Bucket=BUCKET, Prefix=key + "/", Delimiter="--")
    equal([p["Prefix"] for p in got["CommonPrefixes"]], [f"{key}/x--"])


@check
def start_after(key):
    root = _tree(key)
    equal(keys(Prefix=root, StartAfter=root + "a/1"), [root + n for n in ("a/2", "b/1", "c", "d/x/y")])
    equal(keys(Prefix=root, StartAfter=root + "zzz"), [])
    equal(keys(Prefix=root, StartAfter="0")[0], root + "a")


@check
def max_keys(key):
    root = _tree(key)
    got = s3.list_objects_v2(Bucket=BUCKET, Prefix=root, MaxKeys=7)
    equal((got["KeyCount"], got["IsTruncated"]), (7, False))
    got = s3.list_objects_v2(Bucket=BUCKET, Prefix=root, MaxKeys=6)
    assert got["IsTruncated"] and got["NextContinuationToken"]
    got = s3.list_objects_v2(Bucket=BUCKET, Prefix=root, MaxKeys=0)
    equal((got["KeyCount"], got["IsTruncated"]), (0, False))


@check
def bad_parameters(key):
    fails(400, "InvalidArgument", s3.list_objects_v2, Bucket=BUCKET, ContinuationToken="?")
    fails(400, "InvalidArgument", s3.list_objects_v2, Bucket=BUCKET, MaxKeys=-1)


@check
def encoding_of_keys(key):
    name = f"{key}/a b+c%ü~*"
    put(name)
    got = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{key}/a b", EncodingType="url")
    equal(got["Contents"][0]["Key"], f"{key}/a+b%2Bc%25%C3%BC%7E*")
    equal(urllib.parse.unquote_plus(got["Contents"][0]["Key"]), name)


@check
def owner_only_on_demand(key):
    put(key)
    assert "Owner" not in s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"][0]
    assert "Owner" in s3.list_objects_v2(Bucket=BUCKET, Prefix=key, FetchOwner=True)["Contents"][0]
    assert "Owner" in s3.list_objects(Bucket=BUCKET, Prefix=key)["Contents"][0]


@check
def two_thousand_keys(key):
    for number in range(2100):
        put(f"{key}/{number}", b"")
    got = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=key + "/"):
        assert len(page["Contents"]) <= 1000
        got += [o["Key"] for o in page["Contents"]]
    equal(got, sorted(f"{key}/{n}" for n in range(2100)))


@check
def listing_sees_every_write(key):
    for number in range(50):
        put(key, b"%d" % number)
        equal(len(keys(Prefix=key)), 1)
        s3.delete_object(Bucket=BUCKET, Key=key)
        equal(keys(Prefix=key), [])


@check
def buckets(key):
    other = BUCKET + "-other"
    fails(404, "404", s3.head_bucket, Bucket=other)
    s3.create_bucket(Bucket=other, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    there = client(region="eu-central-1")
    equal(there.get_bucket_location(Bucket=other)["LocationConstraint"], "eu-central-1")
    equal(there.head_bucket(Bucket=other)["BucketRegion"], "eu-central-1")
    equal(s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"], None)
    assert other in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    there.put_object(Bucket=other, Key="x")
    fails(409, "BucketNotEmpty", there.delete_bucket, Bucket=other)
    there.delete_object(Bucket=other, Key="x")
    there.delete_bucket(Bucket=other)
    fails(404, "NoSuchBucket", s3.list_objects_v2, Bucket=other)


main()
