"""Mode `intent` of the gateway, and answers that go on for long: what is known of a call wherever the gateway dies."""

import http.client
import json
import os
import socket
import subprocess
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from gateway import GatewayProcess, address_of, gateway_of
from moto_server import Moto
from node import ACCOUNT, BINARY, clean_environment
from test_gateway import behind, client, records
from test_gateway_records import events


@pytest.fixture
def moto(tmp_path):
    server = Moto(tmp_path)
    yield server.start()
    server.stop()


class Origin:
    """Answers each request as `serve(connection, head)` does; counts them."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.serve, self.heads = serve, []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(peer,), daemon=True).start()

    def _run(self, peer):
        with peer:
            peer.settimeout(20)
            got = b""
            while b"\r\n\r\n" not in got:
                piece = peer.recv(65536)
                if not piece:
                    return
                got += piece
            self.heads.append(got)
            try:
                self.serve(peer, got)
            except OSError:
                pass

    def close(self):
        self.listener.close()


def start_again(node, plan=None):
    """True when it lives; a plan may kill it while it starts."""
    node.extra_environment = {"CAIRN_TEST_KILL": plan} if plan else {}
    try:
        node.start()
    except AssertionError:
        assert plan and node.process.returncode == -9, node.text()[-3000:]
        return False
    node.gateway = gateway_of(node.folder / "endpoint")
    return True


def create_buckets(endpoint, prefix, answered, stop):
    """One call after the other until nobody answers any more."""
    s3 = client(endpoint, "s3", s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=20)
    for i in range(1000):
        if stop.is_set():
            return
        try:
            s3.create_bucket(Bucket=f"{prefix}-{i}")
            answered.add(f"{prefix}-{i}")
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 503:
                raise
        except BotoCoreError:
            return


def buckets_in_records(node):
    """Name of bucket to its records."""
    found = {}
    for record in records(node, "eventName = CreateBucket", limit=100_000):
        found.setdefault(record["requestParameters"]["bucketName"], []).append(record)
    return found


def is_unknown(record):
    return record.get("addendum") == {"reason": "SERVICE_OUTAGE"} and record["additionalEventData"]["outcome"] == "unknown"


# The journal's changes are, call after call: its header; write and sync of the intent; write and sync of the record; then what says that it is settled. The log has the
# record between those. "half" writes half of what it writes.
@pytest.mark.parametrize("mode", ["closed", "intent"])
def test_effects_are_recorded_wherever_the_gateway_dies(start, moto, mode):
    node = behind(start, moto.endpoint, more=f'mode = "{mode}"')
    node.stop()
    places = [f"{n}:intents/*" for n in (2, 3, 4, 5, 6, 8, 11)] if mode == "intent" else []
    places += [f"{n}:log/journal/*" for n in (5, 8, 9, 12)] + [None]
    answered, died = set(), 0
    for number, plan in enumerate(places):
        if not start_again(node, plan):
            continue
        stop = threading.Event()
        workers = [threading.Thread(target=create_buckets, args=(node.gateway, f"{mode}-{number}-{n}", answered, stop)) for n in range(1 if number % 2 else 3)]
        for worker in workers:
            worker.start()
        try:
            node.process.wait(timeout=2 if plan else 0.5)
            died += 1
        except subprocess.TimeoutExpired:
            node.kill()
        stop.set()
        for worker in workers:
            worker.join()
    assert died >= len(places) // 2
    start_again(node)

    deadline = time.monotonic() + 20
    effects = {bucket["Name"] for bucket in moto.client("s3").list_buckets()["Buckets"]}
    while mode == "intent" and not effects <= set(buckets_in_records(node)):
        assert time.monotonic() < deadline, effects - set(buckets_in_records(node))
        time.sleep(0.1)
    found = buckets_in_records(node)
    assert answered <= effects and len(answered) > 5
    assert mode == "closed" or any(is_unknown(record) for bucket in effects for record in found[bucket])
    for bucket in answered:
        assert not is_unknown(found[bucket][0]), bucket
    doubled = {bucket: all_of for bucket, all_of in found.items() if len(all_of) > 1}
    assert not doubled, doubled
    for bucket, (record,) in found.items():
        if not is_unknown(record):
            assert record["requestID"] and "addendum" not in record
            assert bucket in effects
    node.stop()
    assert not list((node.data / "intents").iterdir())


def test_a_call_under_way_when_the_gateway_dies_has_an_unknown_outcome(start):
    origin = Origin(lambda peer, head: time.sleep(20))
    node = behind(start, origin.endpoint, more='mode = "intent"')
    canary = "canary" + os.urandom(8).hex()

    def call(service, operation, parameters):
        with pytest.raises(BotoCoreError):
            getattr(client(node.gateway, service, secret=canary, read_timeout=20), operation)(**parameters)

    calls = [("dynamodb", "delete_table", {"TableName": "table"}), ("secretsmanager", "create_secret", {"Name": "name", "SecretString": canary})]
    callers = [threading.Thread(target=call, args=one) for one in calls]
    for caller in callers:
        caller.start()
    deadline = time.monotonic() + 10
    while len(origin.heads) < len(calls):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    node.kill()
    for caller in callers:
        caller.join()
    kept = b"".join(path.read_bytes() for path in (node.data / "intents").iterdir())
    assert b"DeleteTable" in kept and b"CreateSecret" in kept
    assert canary.encode() not in kept and b"Signature" not in kept and b"aws4_request" not in kept
    start_again(node)
    deadline = time.monotonic() + 10
    while not (found := node.client().lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "DeleteTable"}])["Events"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    record = json.loads(found[0]["CloudTrailEvent"])
    assert is_unknown(record) and record["requestParameters"] == {"tableName": "table"} and record["responseElements"] is None
    assert "errorCode" not in record and "requestID" not in record
    ((_, envelope),) = list(events(node, "eventName = DeleteTable"))
    assert envelope["evidence"]["outcome"] == "unknown"
    node.stop()
    origin.close()


@pytest.mark.parametrize("mode", ["closed", "intent"])
def test_an_answer_under_way_when_the_gateway_dies_is_recorded_as_its_head_told(start, mode):
    go_on = threading.Event()

    def serve(peer, head):
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + b"x" * 200_000)
        go_on.wait(10)
        peer.sendall(b"x" * 300_000)

    origin = Origin(serve)
    node = behind(start, origin.endpoint, more=f'mode = "{mode}"')
    taken = http.client.HTTPConnection(*address_of(node.gateway), timeout=10)
    taken.request("GET", "/bucket/taken")
    answer = taken.getresponse()
    assert answer.status == 200 and answer.read(1000)
    assert not records(node, "eventName = GetObject")  # it waits for its end
    node.kill()
    start_again(node)
    go_on.set()
    ended = http.client.HTTPConnection(*address_of(node.gateway), timeout=10)
    ended.request("GET", "/bucket/ended")
    assert len(ended.getresponse().read()) == 500_000
    left = http.client.HTTPConnection(*address_of(node.gateway), timeout=10)
    go_on.clear()
    left.request("GET", "/bucket/left")
    assert left.getresponse().read(1000)
    left.sock.close() if left.sock else None
    left.close()
    go_on.set()
    deadline = time.monotonic() + 15
    while len(found := {r["requestParameters"]["key"]: r for r in records(node, "eventName = GetObject")}) < 3:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    out = {key: record["additionalEventData"]["bytesTransferredOut"] for key, record in found.items()}
    assert out["taken"] == 500_000 and out["ended"] == 500_000 and out["left"] <= 500_000
    assert all("addendum" not in record for record in found.values())
    origin.close()


def test_a_gateway_elsewhere_keeps_its_intents_beside_its_spool(start, moto, tmp_path):
    node = start(config="")
    token = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))["secret"]
    node.listen = node.endpoint.split("//")[1]
    spool = tmp_path / "spool"
    gateway = GatewayProcess(tmp_path / "gateway", moto.endpoint, node.endpoint, token,
                             ["--mode", "intent", "--set", f"account={ACCOUNT}", "--set", f"gateway.spool={spool}"])
    answered, died = set(), 0
    for number, plan in enumerate(["3:intents/*", "5:intents/*", "2:spool/*", "3:spool/*", "6:intents/*"]):
        gateway.environment["CAIRN_TEST_KILL"] = plan
        try:
            gateway.start()
        except AssertionError:
            assert gateway.process.returncode == -9
            continue
        worker = threading.Thread(target=create_buckets, args=(gateway.endpoint, f"elsewhere-{number}", answered, threading.Event()))
        worker.start()
        gateway.process.wait(timeout=20)
        died += 1
        worker.join()
    assert died >= 3
    del gateway.environment["CAIRN_TEST_KILL"]
    gateway.start()
    effects = {bucket["Name"] for bucket in moto.client("s3").list_buckets()["Buckets"]}
    deadline = time.monotonic() + 30
    while not effects <= set(found := buckets_in_records(node)):
        assert time.monotonic() < deadline, effects - set(found)
        time.sleep(0.1)
    assert answered <= effects and all(not is_unknown(found[bucket][0]) for bucket in answered)
    assert all(len(all_of) == 1 for all_of in found.values())
    gateway.stop()
    assert not list((spool / "intents").iterdir())


def test_intents_need_a_folder():
    done = subprocess.run([BINARY, "gateway", "--listen", "127.0.0.1:0", "--cairn", "http://127.0.0.1:1", "--upstream", "http://127.0.0.1:1", "--mode", "intent"],
                          env=clean_environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "gateway.spool" in done.stderr
