"""Requests below boto3: aws-chunked bodies, odd signatures. Signed with botocore's signer."""
import datetime
import hashlib
import hmac
import http.client
import urllib.parse

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from common import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY

EMPTY = hashlib.sha256(b"").hexdigest()


class Chunked:
    """An aws-chunked body; `spoil` names what to get wrong."""

    def __init__(self, body, size=None, signed=False, trailers=(), spoil=None):
        self.body, self.signed, self.trailers, self.spoil = body, signed, list(trailers), spoil
        self.size = size or max(len(body), 1)

    @property
    def payload(self):
        if not self.signed:
            return "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if self.trailers else "")

    @property
    def headers(self):
        length = len(self.body) + (1 if self.spoil == "length" else 0)
        headers = {"content-encoding": "aws-chunked", "x-amz-decoded-content-length": str(length)}
        if self.trailers:
            headers["x-amz-trailer"] = self.trailers[0][0]
        return headers

    def encode(self, seed, date, scope):
        previous = seed

        def sign(kind, *hashes):
            nonlocal previous
            text = "\n".join([kind, date, scope, previous, *hashes])
            previous = hmac.new(_signing_key(scope), text.encode(), hashlib.sha256).hexdigest()
            return previous

        encoded = b""
        for start in [*range(0, len(self.body), self.size), len(self.body)]:
            data = self.body[start:start + self.size]
            line = b"%x" % len(data) if self.spoil != "size" else b"nonsense"
            if self.signed:
                signature = sign("AWS4-HMAC-SHA256-PAYLOAD", EMPTY, hashlib.sha256(data).hexdigest())
                if self.spoil == "chunk":
                    signature = "0" * 64
                line += b";chunk-signature=" + signature.encode()
            if self.spoil == "data" and data:
                data = b"!" + data[1:]
            encoded += line + b"\r\n" + (data + b"\r\n" if data else b"")
        if self.spoil != "missing-trailer":
            for name, value in self.trailers:
                encoded += f"{name}:{value}\r\n".encode()
        if self.signed and self.trailers:
            text = "".join(f"{n}:{v}\n" for n, v in self.trailers)
            signature = sign("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(text.encode()).hexdigest())
            if self.spoil == "trailer":
                signature = "0" * 64
            encoded += f"x-amz-trailer-signature:{signature}\r\n".encode()
        return encoded + b"\r\n"


def _signing_key(scope, secret=SECRET_KEY):
    key = ("AWS4" + secret).encode()
    for step in scope.split("/"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key


def signed(method, path, body=b"", headers=None, payload=None, access_key=ACCESS_KEY, secret_key=SECRET_KEY,
           region=REGION):
    """The headers of a signed request."""
    payload = payload or hashlib.sha256(body).hexdigest()

    class Auth(S3SigV4Auth):
        def payload(self, _):
            return payload

    unsigned = AWSRequest(method=method, url=ENDPOINT + path, headers={**(headers or {})})
    unsigned.headers["X-Amz-Content-SHA256"] = payload
    Auth(Credentials(access_key, secret_key), "s3", region).add_auth(unsigned)
    return dict(unsigned.headers.items())


def send(method, path, body=b"", headers=None):
    """Status and body of a request sent as it is."""
    address = urllib.parse.urlparse(ENDPOINT)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def request(method, path, body=b"", chunked=None, **options):
    """Signs and sends."""
    if chunked is None:
        return send(method, path, body, signed(method, path, body, **options))
    headers = signed(method, path, headers=chunked.headers, payload=chunked.payload, **options)
    date = headers["X-Amz-Date"]
    authorization = headers["Authorization"]
    seed = authorization.rsplit("Signature=", 1)[1]
    scope = authorization.split("Credential=", 1)[1].split(",", 1)[0].split("/", 1)[1]
    return send(method, path, chunked.encode(seed, date, scope), headers)


def http_date(seconds=0):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y%m%dT%H%M%SZ")
