"""What nobody should send: the node refuses it in words, goes on answering others, and its memory stays flat."""

import gzip
import http.client
import json
import resource
import socket
import threading
import zlib

import pytest
import zstandard

from node import ACCOUNT, record

MEGABYTE = 1 << 20
GROWTH_BYTES_MAX = 300 * MEGABYTE  # of the resident memory, whatever is sent; the largest body taken is 64 MB


@pytest.fixture
def token(node):
    return json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))["secret"]


def address(node):
    host, port = node.endpoint.split("//")[1].rsplit(":", 1)
    return host, int(port)


def peak_bytes(node):
    for line in open(f"/proc/{node.process.pid}/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the process is gone:\n" + node.text())


def post(node, token, body, **headers):
    """Status and text; a server that refuses early may close before it has read everything."""
    connection = http.client.HTTPConnection(*address(node), timeout=120)
    try:
        connection.request("POST", "/ingest", body, {"Authorization": "Bearer " + token, **headers}, encode_chunked=not isinstance(body, bytes))
    except (BrokenPipeError, ConnectionResetError):
        pass
    try:
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (ConnectionResetError, http.client.RemoteDisconnected):
        return None, ""


def is_fine(node, token, number):
    status, text = post(node, token, json.dumps(record(f"{number:08d}-0000-4000-8000-000000000000")).encode())
    assert status == 200 and json.loads(text)["stored"] == 1, (status, text)


def gzip_of_zeros(size):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(MEGABYTE)
    return b"".join(packer.compress(zeros) for _ in range(size // MEGABYTE)) + packer.flush()


def zstd_of_zeros(size):
    packer = zstandard.ZstdCompressor(level=19).compressobj()
    zeros = bytes(MEGABYTE)
    return b"".join(packer.compress(zeros) for _ in range(size // MEGABYTE)) + packer.flush()


def test_bodies_of_100_megabytes_are_refused(node, token):
    is_fine(node, token, 0)
    before = peak_bytes(node)
    hundred = b"x" * (100 * MEGABYTE)
    for _ in range(3):
        assert post(node, token, hundred)[0] in (413, None)
        assert post(node, token, (hundred[:MEGABYTE] for _ in range(100)), **{"Transfer-Encoding": "chunked"})[0] in (413, None)
    # Refused before anything is read: the answer is there although the body never comes.
    with socket.create_connection(address(node), timeout=30) as half:
        half.sendall(f"POST /ingest HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Length: {100 * MEGABYTE}\r\n\r\n".encode())
        assert b" 413 " in half.recv(4096).split(b"\r\n")[0]
    is_fine(node, token, 1)
    assert peak_bytes(node) - before < GROWTH_BYTES_MAX


def test_bombs_are_refused_and_need_no_memory(node, token):
    is_fine(node, token, 0)
    before = peak_bytes(node)
    gigabyte = 1 << 30
    bombs = [("gzip", gzip_of_zeros(gigabyte)), ("zstd", zstd_of_zeros(gigabyte)), ("gzip", gzip.compress(gzip_of_zeros(gigabyte)))]
    outcomes = []

    def throw(encoding, bomb):
        outcomes.append((encoding, *post(node, token, bomb, **{"Content-Encoding": encoding})))

    for encoding, bomb in bombs[:2]:
        throw(encoding, bomb)
    assert [status for _, status, _ in outcomes] == [413, 413], outcomes
    assert all("when decompressed" in text for _, _, text in outcomes), outcomes
    throw(*bombs[2])  # a bomb within: what is inside is no record
    assert outcomes[-1][1] == 400 or '"rejected":' in outcomes[-1][2], outcomes[-1]
    throwers = [threading.Thread(target=throw, args=bomb) for bomb in bombs[:2] for _ in range(2)]
    for thrower in throwers:
        thrower.start()
    for thrower in throwers:
        thrower.join()
    is_fine(node, token, 1)
    assert peak_bytes(node) - before < GROWTH_BYTES_MAX


def test_ten_thousand_connections_with_half_requests_hold_nobody_up(node, token):
    is_fine(node, token, 0)
    before = peak_bytes(node)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    beginnings = (b"", b"P", b"POST /ingest HTTP/1.1\r\nHost:", b"POST /ingest HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{", b"\x16\x03\x01\x02")
    sockets = []
    try:
        for i in range(count):
            sockets.append(socket.create_connection(address(node), timeout=30))
            sockets[-1].sendall(beginnings[i % len(beginnings)])
        is_fine(node, token, 1)
        text = node.cairn("lookup", "eventName=RunInstances", "--limit", "10", "--output", "page")
        assert len(json.loads(text)["events"]) == 2
    finally:
        for one in sockets:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert count >= 1000, f"only {count} descriptors are allowed here"
    is_fine(node, token, 2)
    assert peak_bytes(node) - before < GROWTH_BYTES_MAX
