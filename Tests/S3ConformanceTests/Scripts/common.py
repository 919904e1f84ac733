"""What the conformance scripts share: a client for the server under test, and the loop that runs the checks."""
import os
import sys
import traceback
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["S3_ENDPOINT"]
ACCESS_KEY = os.environ["S3_ACCESS_KEY"]
SECRET_KEY = os.environ["S3_SECRET_KEY"]
REGION = "us-east-1"
WRONG_ETAG = '"00000000000000000000000000000000"'
MIB = 1 << 20

_checks = []


def check(function):
    """Marks a function as a check; it is called with a fresh key."""
    _checks.append(function)
    return function


def client(access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION, **options):
    options.setdefault("request_checksum_calculation", "when_required")
    options.setdefault("response_checksum_validation", "when_required")
    return boto3.client(
        "s3", endpoint_url=ENDPOINT, aws_access_key_id=access_key, aws_secret_access_key=secret_key,
        region_name=region,
        config=Config(
            s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30,
            **options))


s3 = client()
BUCKET = "conf-" + uuid.uuid4().hex[:12]


def put(key, body=b"v1", **options):
    return s3.put_object(Bucket=BUCKET, Key=key, Body=body, **options)


def get(key, **options):
    return s3.get_object(Bucket=BUCKET, Key=key, **options)["Body"].read()


def head(key, **options):
    return s3.head_object(Bucket=BUCKET, Key=key, **options)


def keys(**options):
    return [o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET, **options).get("Contents", [])]


def fails(status, code, function, *arguments, **options):
    """Calls the function and expects this error of it; HEAD replies have no code but the status."""
    try:
        function(*arguments, **options)
    except ClientError as error:
        got = (error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"])
        assert got[0] == status and got[1] in (code, str(status)), f"wanted {status} {code}, got {got}"
        return error.response
    raise AssertionError(f"wanted {status} {code}, got success")


def equal(got, wanted):
    assert got == wanted, f"wanted {wanted!r}, got {got!r}"


def main():
    s3.create_bucket(Bucket=BUCKET)
    failed = 0
    for function in _checks:
        name = function.__name__
        try:
            function(f"{name}/key")
            print(f"ok {name}", flush=True)
        except Exception as error:
            failed += 1
            place = traceback.extract_tb(error.__traceback__)
            line = next((f.lineno for f in place if f.name == name), 0)
            print(f"FAIL {name} line {line}: {type(error).__name__} {error}".replace("\n", " "), flush=True)
    sys.exit(1 if failed else 0)
