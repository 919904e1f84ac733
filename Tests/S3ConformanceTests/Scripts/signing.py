"""Signatures: headers and presigned URLs, right and wrong; virtual-host addresses."""
import datetime
import socket
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
import botocore.auth
from botocore.config import Config

from common import ACCESS_KEY, BUCKET, ENDPOINT, REGION, SECRET_KEY, check, client, equal, fails, main, put, s3
from raw import request, send, signed


def _error(reply):
    status, body = reply
    return status, body.split(b"<Code>")[1].split(b"</Code>")[0].decode()


@check
def wrong_secret(key):
    response = fails(403, "SignatureDoesNotMatch", client(secret_key="wrong").list_buckets)
    equal(response["Error"]["AWSAccessKeyId"], ACCESS_KEY)
    fails(403, "SignatureDoesNotMatch", client(secret_key="wrong").put_object, Bucket=BUCKET, Key=key, Body=b"x")


@check
def unknown_access_key(key):
    fails(403, "InvalidAccessKeyId", client(access_key="nobody").list_buckets)


@check
def unsigned_requests(key):
    put(key)
    equal(_error(send("GET", f"/{BUCKET}/{key}")), (403, "AccessDenied"))
    equal(_error(send("PUT", f"/{BUCKET}/{key}", b"x")), (403, "AccessDenied"))


@check
def malformed_authorization(key):
    equal(_error(send("GET", f"/{BUCKET}/{key}", headers={"Authorization": "Basic eDp5"})),
          (400, "AuthorizationHeaderMalformed"))


@check
def wrong_region(key):
    status, body = request("GET", f"/{BUCKET}?location=", region="eu-west-3")
    equal(_error((status, body)), (400, "AuthorizationHeaderMalformed"))
    assert f"<Region>{REGION}</Region>".encode() in body


@check
def clock_skew(key):
    for hours in (-1, 1):
        then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
        original = botocore.auth.get_current_datetime
        botocore.auth.get_current_datetime = lambda *_: then.replace(tzinfo=None)
        try:
            headers = signed("GET", f"/{BUCKET}?location=")
        finally:
            botocore.auth.get_current_datetime = original
        equal(_error(send("GET", f"/{BUCKET}?location=", headers=headers)), (403, "RequestTimeTooSkewed"))


@check
def changed_requests(key):
    headers = signed("GET", f"/{BUCKET}/{key}")
    equal(_error(send("GET", f"/{BUCKET}/{key}2", headers=headers)), (403, "SignatureDoesNotMatch"))
    equal(_error(send("DELETE", f"/{BUCKET}/{key}", headers=headers)), (403, "SignatureDoesNotMatch"))
    equal(_error(send("GET", f"/{BUCKET}/{key}?acl=", headers=headers)), (403, "SignatureDoesNotMatch"))
    equal(_error(send("GET", f"/{BUCKET}/{key}", headers={**headers, "x-amz-meta-a": "1"})), (403, "AccessDenied"))


@check
def changed_body(key):
    headers = signed("PUT", f"/{BUCKET}/{key}", b"abc")
    equal(_error(send("PUT", f"/{BUCKET}/{key}", b"abd", headers)), (400, "XAmzContentSHA256Mismatch"))
    equal(send("PUT", f"/{BUCKET}/{key}", b"abc", headers)[0], 200)


@check
def unsigned_payload(key):
    headers = signed("PUT", f"/{BUCKET}/{key}", payload="UNSIGNED-PAYLOAD")
    equal(send("PUT", f"/{BUCKET}/{key}", b"abc", headers)[0], 200)


@check
def blanks_in_signed_headers(key):
    headers = signed("PUT", f"/{BUCKET}/{key}", b"x", headers={"x-amz-meta-a": "  b   c  "})
    equal(send("PUT", f"/{BUCKET}/{key}", b"x", headers)[0], 200)


@check
def expect_100_continue(key):
    headers = {**signed("PUT", f"/{BUCKET}/{key}", b"abc"), "Expect": "100-continue", "Content-Length": "3"}
    address = urllib.parse.urlparse(ENDPOINT)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if "host" not in {name.lower() for name in headers}:
            head = f"Host: {address.netloc}\r\n{head}"
        connection.sendall(f"PUT /{BUCKET}/{key} HTTP/1.1\r\n{head}\r\n".encode())
        # Nothing of the body was sent yet.
        equal(connection.recv(25).split(b"\r\n")[0], b"HTTP/1.1 100 Continue")
        connection.sendall(b"abc")
        reply = b""
        while b"HTTP/1.1 200" not in reply:
            more = connection.recv(4096)
            assert more, reply
            reply += more


def _fetch(url, method="GET", data=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, data=data), timeout=10) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def _presign(method, key, expires=60, signer=s3):
    return signer.generate_presigned_url(method, Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=expires)


@check
def presigned_urls(key):
    signer = boto3.client(
        "s3", endpoint_url=ENDPOINT, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
        region_name=REGION, config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    name = key + "/a b+c%ü//.."
    put(name, b"body")
    url = _presign("get_object", name, signer=signer)
    equal(_fetch(url), (200, b"body"))
    equal(_error(_fetch(url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"))), (403, "SignatureDoesNotMatch"))
    equal(_error(_fetch(url, method="DELETE")), (403, "SignatureDoesNotMatch"))
    equal(_error(_fetch(_presign("get_object", name, 604_801, signer))), (400, "AuthorizationQueryParametersError"))
    url = _presign("get_object", name, 1, signer)
    time.sleep(2.1)
    equal(_error(_fetch(url)), (403, "AccessDenied"))


@check
def virtual_host_addresses(key):
    port = urllib.parse.urlparse(ENDPOINT).port
    host = f"{BUCKET}.localhost:{port}"
    body = b"hosted"
    headers = signed("PUT", f"/{key}", body, headers={"host": host})
    equal(send("PUT", f"/{key}", body, headers)[0], 200)
    equal(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read(), body)
    headers = signed("GET", "/?list-type=2", headers={"host": host})
    status, reply = send("GET", "/?list-type=2", headers=headers)
    equal((status, key.encode() in reply), (200, True))


main()
