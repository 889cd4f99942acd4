"""Every way in stores what it takes once, says what became of each record, and refuses what it must."""

import base64
import gzip
import hashlib
import json
import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest
import zstandard
from botocore.exceptions import ClientError

from node import ACCOUNT, BINARY, record


def token_of(node, *arguments):
    made = node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data, *arguments)
    return json.loads(made)["secret"]


def post(node, body, token, path="/ingest?results=all", **headers):
    request = urllib.request.Request(node.endpoint + path, body, {"Authorization": "Bearer " + token, **headers})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def ids(n, prefix="0"):
    return [f"{prefix * 8}-0000-4000-8000-{i:012d}" for i in range(n)]


def test_every_container_and_encoding(node):
    token = token_of(node)
    records = [record(i) for i in ids(6)]
    ndjson = "\n".join(json.dumps(r) for r in records).encode()
    bodies = [(ndjson, {}), (json.dumps({"Records": records}).encode(), {}), (json.dumps(records, indent=1).encode(), {}),
              (gzip.compress(ndjson), {"Content-Encoding": "gzip"}), (gzip.compress(ndjson), {}),
              (zstandard.compress(ndjson), {"Content-Encoding": "zstd"}), (gzip.compress(ndjson[:100]) + gzip.compress(ndjson[100:]), {})]
    for number, (body, headers) in enumerate(bodies):
        status, receipt = post(node, body, token, **headers)
        assert status == 200
        counts = {k: receipt[k] for k in ("read", "stored", "duplicate", "conflict", "rejected")}
        # json.dumps with and without indent are different bytes of the same records: still duplicates
        expected = {"read": 6, "stored": 6 if number == 0 else 0, "duplicate": 0 if number == 0 else 6, "conflict": 0, "rejected": 0}
        assert counts == expected, (number, receipt)
    assert [e["EventId"] for e in node.client().lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "RunInstances"}])["Events"]] == ids(6)[::-1]


def test_each_record_gets_its_answer(node):
    token = token_of(node)
    first = record(ids(1)[0])
    post(node, json.dumps(first).encode(), token)
    lines = [json.dumps(first), json.dumps({**first, "eventName": "Other"}), "{not json", json.dumps(record(ids(2)[1], account="999999999999")),
             json.dumps({k: v for k, v in record(ids(3)[2]).items() if k != "eventName"}), json.dumps(record(ids(4)[3]))]
    status, receipt = post(node, "\n".join(lines).encode(), token)
    assert status == 200
    assert [r["outcome"] for r in receipt["results"]] == ["duplicate", "conflict", "rejected", "rejected", "rejected", "stored"], receipt
    reasons = [r.get("reason", "") for r in receipt["results"]]
    assert "999999999999" in reasons[3] and "eventName" in reasons[4]
    # both records of the conflict are kept
    events = node.client().lookup_events(LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": first["eventID"]}])["Events"]
    assert {e["EventName"] for e in events} == {"RunInstances", "Other"}


def test_refusals(node):
    token = token_of(node)
    assert post(node, b"{}", "wrong")[0] == 401
    status, error = post(node, b"\x1f\x8b garbage", token)
    assert status == 400 and error["error"]["message"]
    status, error = post(node, gzip.compress(b"\0" * (200 << 20)), token)
    assert status in (400, 413) and error["error"]["message"]
    big = json.dumps(record(ids(1)[0], pad="x" * 300_000)).encode()
    status, receipt = post(node, big, token)
    assert status == 200 and receipt["rejected"] == 1 and "262144" in receipt["results"][0]["reason"]
    with pytest.raises((OSError, urllib.error.URLError)):
        post_oversize = urllib.request.Request(node.endpoint + "/ingest", b"x" * (100 << 20), {"Authorization": "Bearer " + token})
        urllib.request.urlopen(post_oversize)
    assert post(node, json.dumps(record(ids(9)[8])).encode(), token)[1]["stored"] == 1


def test_a_disabled_token_is_refused(node):
    made = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))
    assert post(node, json.dumps(record(ids(1)[0])).encode(), made["secret"])[0] == 200
    node.cairn("keys", "disable", made["id"], "--data", node.data)
    deadline = time.monotonic() + 10
    while post(node, json.dumps(record(ids(1)[0])).encode(), made["secret"])[0] == 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert made["secret"] not in node.text() and made["id"] in node.cairn("keys", "list", "--data", node.data)


def audit_event(number, **members):
    data = {"version": "1", "UID": str(number), "userIdentity": {"type": "User", "principalId": "mia", "details": {"team": "shop"}}, "eventSource": "shop.example.com",
            "eventName": "CancelOrder", "eventTime": "2026-11-20T12:00:00Z", "recipientAccountId": ACCOUNT, "requestParameters": {"order": number}, **members}
    text = json.dumps(data)
    return {"id": f"order-{number}", "eventData": text, "eventDataChecksum": base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}


def channel():
    return f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:channel/default"


def test_put_audit_events(node):
    client = node.client("cloudtrail-data")
    wrong = audit_event(3)
    wrong["eventDataChecksum"] = base64.b64encode(b"0" * 32).decode()
    answer = client.put_audit_events(channelArn=channel(), auditEvents=[audit_event(1), audit_event(2, recipientAccountId="999999999999"), wrong])
    assert [s["id"] for s in answer["successful"]] == ["order-1"]
    assert {f["id"]: f["errorCode"] for f in answer["failed"]} == {"order-2": "InvalidRecipient", "order-3": "InvalidChecksum"}
    again = client.put_audit_events(channelArn=channel(), auditEvents=[audit_event(1)])
    assert again["successful"][0]["eventID"] == answer["successful"][0]["eventID"]
    found = json.loads(node.cairn("lookup", "eventName=CancelOrder", "--output", "page"))["events"]
    assert len(found) == 1
    stored = json.loads(node.cairn("lookup", "eventName=CancelOrder", "--output", "records"))
    assert stored["eventCategory"] == "ActivityAuditLog" and stored["eventData"]["requestParameters"] == {"order": 1}


@pytest.mark.parametrize("parameters, code", [
    ({"channelArn": "nonsense", "auditEvents": [audit_event(1)]}, "InvalidChannelARN"),
    ({"channelArn": f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:channel/11111111-2222-3333-4444-555555555555", "auditEvents": [audit_event(1)]}, "ChannelNotFound"),
    ({"channelArn": channel(), "auditEvents": [audit_event(1), audit_event(1)]}, "DuplicatedAuditEventId"),
])
def test_put_audit_events_errors(node, parameters, code):
    with pytest.raises(ClientError) as raised:
        node.client("cloudtrail-data", parameter_validation=False).put_audit_events(**parameters)
    assert raised.value.response["Error"]["Code"] == code


def test_import_of_an_awslogs_tree(node, tmp_path):
    tmp_path = tmp_path / "tree"
    day = tmp_path / f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/01/02"
    day.mkdir(parents=True)
    (day / "a.json.gz").write_bytes(gzip.compress(json.dumps({"Records": [record(i) for i in ids(5)]}).encode()))
    (day / "b.json").write_text(json.dumps({"Records": [record(ids(1)[0]), {**record(ids(2)[1]), "eventName": "Other"}]}))
    digest = tmp_path / f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1/2026/01/02"
    digest.mkdir(parents=True)
    (digest / "d.json.gz").write_bytes(gzip.compress(json.dumps({"awsAccountId": ACCOUNT, "digestStartTime": "2026-01-02T03:00:00Z", "digestEndTime": "2026-01-02T04:00:00Z",
                                                                 "digestS3Bucket": "b", "digestS3Object": "o", "logFiles": []}).encode()))
    (tmp_path / "eventbridge.ndjson").write_text(json.dumps({"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "detail": record(ids(7)[6])}) + "\n")
    (tmp_path / "lookup.json").write_text(json.dumps({"Events": [{"EventId": ids(8)[7], "CloudTrailEvent": json.dumps(record(ids(8)[7]))}]}))
    report = json.loads(node.cairn("import", "--json", tmp_path, status=3))
    assert (report["read"], report["stored"], report["duplicate"], report["conflict"], report["rejected"]) == (9, 7, 1, 1, 0), report
    assert report["digestFiles"] == 1
    assert report["lines"][0]["file"].endswith("b.json") and report["lines"][0]["outcome"] == "conflict"
    again = json.loads(node.cairn("import", "--json", tmp_path))
    assert again["filesSkipped"] == 5 and again["read"] == 0


def test_an_import_remembers_per_store(start, tmp_path):
    """What one node has is not taken for known by another, although both are asked by the same user in the same way."""
    (tmp_path / "a.ndjson").write_text("".join(json.dumps(record(i)) + "\n" for i in ids(3)))
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    for name in ("one", "two"):
        node = start(name)
        assert json.loads(node.cairn("import", "--json", tmp_path / "a.ndjson", **state))["stored"] == 3
        assert json.loads(node.cairn("import", "--json", tmp_path / "a.ndjson", **state))["filesSkipped"] == 1
        node.restart()
        assert json.loads(node.cairn("import", "--json", tmp_path / "a.ndjson", **state))["filesSkipped"] == 1


def test_import_from_standard_input(node):
    text = json.dumps({"Events": [{"EventId": i, "CloudTrailEvent": json.dumps(record(i))} for i in ids(4)]}, indent=4)
    for stored, duplicate in ((4, 0), (0, 4)):
        report = json.loads(node.cairn("import", "--json", "-", stdin=text))
        assert (report["read"], report["stored"], report["duplicate"]) == (4, stored, duplicate), report


@pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_import_goes_on(node, tmp_path, wanted):
    tmp_path = tmp_path / "events"
    tmp_path.mkdir()
    total = 0
    for n in range(40):
        events = node.cairn("generate", "--count", "2000", "--seed", n)
        total += events.count("\n")
        (tmp_path / f"{n:02d}.ndjson").write_text(events)
    importing = subprocess.Popen([BINARY, "import", "--json", str(tmp_path)], env=node.environment(), stdout=subprocess.PIPE, text=True)
    imported = next(iter((node.folder / "state").glob("cairn/*")), None)
    deadline = time.monotonic() + 60
    while not (imported and imported.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
        imported = next(iter((node.folder / "state").glob("cairn/*")), None)
    importing.send_signal(wanted)
    first = importing.communicate()[0]
    if wanted == signal.SIGINT:
        assert importing.returncode == 130
        report = json.loads(first)
        assert report["interrupted"] and report["read"] == report["stored"] < total
    report = json.loads(node.cairn("import", "--json", tmp_path))
    assert report["filesSkipped"] >= 1 and report["files"] >= 1, report
    assert report["read"] == report["stored"] + report["duplicate"]
    counted = json.loads(node.cairn("lookup", "--count-by", "account", "-o", "json", "--from", "-10d", "-eventSource=cairn.amazonaws.com"))
    assert sum(value["count"] for value in counted["values"]) == total
