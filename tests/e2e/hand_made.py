"""Requests made by hand: signed with botocore's signer, sent over a plain socket, so that every byte is the test's."""

import datetime
import hashlib
import hmac
import json
import socket
import ssl

from node import KEY_ID, SECRET

LOOKUP = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"


class Reply:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            self.headers.setdefault(name.lower(), value)
        self.body = body

    @property
    def json(self):
        return json.loads(self.body.decode("utf-8"))

    @property
    def code(self):
        """The bare name of the error, wherever the protocol puts it."""
        if "x-amzn-errortype" in self.headers:
            return self.headers["x-amzn-errortype"]
        return self.json["__type"]


class Wire:
    """One connection."""

    def __init__(self, endpoint, certificate=None):
        host, port = endpoint.split("//")[1].split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        if certificate:
            self.socket = ssl.create_default_context(cafile=str(certificate)).wrap_socket(self.socket, server_hostname=host)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        data = self.socket.recv(65536)
        self.rest += data
        return bool(data)

    def reply(self, head_only=False):
        while b"\r\n\r\n" not in self.rest:
            if not self._more():
                raise EOFError(self.rest)
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        reply = Reply(head, b"")
        size = 0 if head_only or reply.status == 100 else int(reply.headers.get("content-length", 0))
        while len(self.rest) < size:
            assert self._more(), "the answer ended early"
        reply.body, self.rest = self.rest[:size], self.rest[size:]
        return reply

    def closed(self):
        try:
            return not self._more() and not self.rest
        except ConnectionResetError:
            return True


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(secret, date, region, service, canonical):
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    key = _hmac(_hmac(_hmac(_hmac(b"AWS4" + secret.encode(), date[:8]), region), service), "aws4_request")
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode("latin-1")).hexdigest()])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def signed_headers(endpoint, body=b"", *, service="cloudtrail", region="us-east-1", method="POST", path="/", query="", key_id=KEY_ID, secret=SECRET, token=None,
                   skew=0, payload_hash=None, headers=()):
    """The headers of a signed request, in order. `query` must be in canonical form."""
    date = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=skew)).strftime("%Y%m%dT%H%M%SZ")
    all_headers = [("Host", endpoint.split("//")[1]), ("X-Amz-Date", date), *headers]
    if token:
        all_headers.append(("X-Amz-Security-Token", token))
    if payload_hash:
        all_headers.append(("X-Amz-Content-Sha256", payload_hash))
    together = {}
    for name, value in all_headers:
        together.setdefault(name.lower(), []).append(" ".join(value.split()))
    names = ";".join(sorted(together))
    canonical = "\n".join([method, path, query, *(f"{n}:{','.join(together[n])}" for n in sorted(together)), "", names, payload_hash or hashlib.sha256(body).hexdigest()])
    authorization = (f"AWS4-HMAC-SHA256 Credential={key_id}/{date[:8]}/{region}/{service}/aws4_request, SignedHeaders={names}, "
                     f"Signature={signature(secret, date, region, service, canonical)}")
    return [*all_headers, ("Authorization", authorization)]


def render(headers, body=b"", *, method="POST", target="/", version="1.1", length=True):
    lines = [f"{method} {target} HTTP/{version}", *(f"{name}: {value}" for name, value in headers)]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def lookup_request(node, body=b"{}", target=LOOKUP, content_type="application/x-amz-json-1.1", version="1.1", more=(), **signing):
    headers = [*([("Content-Type", content_type)] if content_type else []), *([("X-Amz-Target", target)] if target else []), *more]
    return render(signed_headers(node.endpoint, body, headers=headers, **signing), body, version=version)


def exchange(node, request, **options):
    with Wire(node.endpoint, **options) as wire:
        wire.send(request)
        return wire.reply()


def lookup(node, body=b"{}", **options):
    return exchange(node, lookup_request(node, body if isinstance(body, bytes) else json.dumps(body).encode(), **options))


def put_audit_events(node, body, query="channelArn=default", path="/PutAuditEvents", method="POST", **signing):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = signed_headers(node.endpoint, body, service="cloudtrail-data", path=path, query=query, method=method, headers=[("Content-Type", "application/json")], **signing)
    return exchange(node, render(headers, body, method=method, target=f"{path}?{query}" if query else path))


def token_service(node, form="Action=GetCallerIdentity&Version=2011-06-15", **signing):
    headers = signed_headers(node.endpoint, form.encode(), service="sts", headers=[("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")], **signing)
    return exchange(node, render(headers, form.encode()))
