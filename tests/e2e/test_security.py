"""Nobody reads or writes who may not, and nothing secret leaks."""

import datetime
import http.client
import json
import ssl
import subprocess

import boto3
import pytest
from botocore.exceptions import ClientError

from node import ACCOUNT, BINARY, KEY_ID, SECRET, Node, clean_environment, record


def refused(call):
    with pytest.raises(ClientError) as raised:
        call()
    return raised.value.response["Error"]["Code"], raised.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_wrong_secrets_and_unknown_keys(node):
    assert refused(lambda: node.client(secret="wrong").lookup_events())[0] in ("InvalidSignatureException", "SignatureDoesNotMatch")
    assert refused(lambda: node.client(key_id="AKIAUNKNOWNUNKNOWN00").lookup_events())[0] == "UnrecognizedClientException"


def test_a_skewed_clock_is_told_so(node, monkeypatch):
    import botocore.auth
    if hasattr(botocore.auth, "get_current_datetime"):
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *a, **k: datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - datetime.timedelta(minutes=6))
    else:
        pytest.fail("this botocore signs with another clock")
    with pytest.raises(ClientError) as raised:
        node.client().lookup_events()
    assert "Signature expired" in raised.value.response["Error"]["Message"]


def test_no_anonymous_access(node):
    for method, path in (("POST", "/"), ("POST", "/ingest"), ("POST", "/v1/search"), ("GET", "/v1/tail"), ("GET", "/v1/events/x")):
        connection = http.client.HTTPConnection(node.endpoint.split("//")[1])
        connection.request(method, path, "{}", {"X-Amz-Target": "CloudTrail_20131101.LookupEvents"} if path == "/" else {})
        assert connection.getresponse().status in (400, 401, 403), path


def test_caller_identity(node):
    identity = node.client("sts").get_caller_identity()
    assert identity["Account"] == ACCOUNT and identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_every_other_operation_says_that_it_is_not_there(node):
    client = node.client(parameter_validation=False)
    for operation in ("list_channels", "start_query", "list_event_data_stores", "create_dashboard"):
        assert refused(lambda: getattr(client, operation)())[0] == "UnsupportedOperationException", operation


READER = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["cloudtrail:LookupEvents", "cairn:SearchEvents"], "Resource": "*", "Condition": {"StringEquals": {"cairn:region": "eu-west-1"}}}]})


def test_policies_bound_what_users_see(start):
    node = start(config=f"""
[[accounts]]
id = "444455556666"
[[accounts.user]]
name = "reader"
policies = ['{READER}']
[[accounts.user.key]]
id = "AKIAREADERREADER0001"
secret = "reader"
[[accounts.user]]
name = "nobody"
[[accounts.user.key]]
id = "AKIANOBODYNOBODY0001"
secret = "nobody"
""")
    node.import_records([record("a" * 8 + f"-0000-4000-8000-00000000000{i}", account="444455556666", region=region) for i, region in enumerate(("us-east-1", "eu-west-1"))])
    reader = dict(key_id="AKIAREADERREADER0001", secret="reader")
    assert len(node.client(region="eu-west-1", **reader).lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "RunInstances"}])["Events"]) == 1
    try:
        assert node.client(region="us-east-1", **reader).lookup_events()["Events"] == []
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException"
    page = json.loads(node.cairn("lookup", "eventName=RunInstances", "--output", "page", AWS_ACCESS_KEY_ID="AKIAREADERREADER0001", AWS_SECRET_ACCESS_KEY="reader"))
    assert [e["region"] for e in page["events"]] == ["eu-west-1"]
    assert refused(lambda: node.client(key_id="AKIANOBODYNOBODY0001", secret="nobody").lookup_events())[0] == "AccessDeniedException"
    node.cairn("lookup", status=1, AWS_ACCESS_KEY_ID="AKIANOBODYNOBODY0001", AWS_SECRET_ACCESS_KEY="nobody")


@pytest.mark.parametrize("arguments, named", [
    (["--listen", "0.0.0.0:0"], "plain HTTP"),
    (["--listen", "0.0.0.0:0", "--set", "auth=trust", "--set", "allow_plain_http=true"], "trust"),
    (["--set", "storage.codec=tiny"], "storage.codec"),
    (["--config", "/nonexistent.toml"], "/nonexistent.toml"),
])
def test_unsafe_or_wrong_settings_are_refused(tmp_path, arguments, named):
    done = subprocess.run([BINARY, "serve", "--data", tmp_path / "data", *arguments], env=clean_environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and named in done.stderr


def test_trust_takes_every_caller(start):
    node = start(accounts=False, config='auth = "trust"')
    node.key_id, node.secret = "anything", "at-all"
    assert node.client("sts").get_caller_identity()["Account"] == ACCOUNT
    node.import_records([record("a" * 8 + "-0000-4000-8000-000000000000")])
    assert len(node.client().lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "RunInstances"}])["Events"]) == 1


def test_the_root_key_is_shown_once_and_kept_sealed(start):
    node = start(accounts=False)
    shown = dict(line.strip().removeprefix("export ").split("=", 1) for line in node.text().splitlines() if line.strip().startswith("export "))
    node.key_id, node.secret = shown["AWS_ACCESS_KEY_ID"], shown["AWS_SECRET_ACCESS_KEY"]
    assert node.client("sts").get_caller_identity()["Account"] == ACCOUNT
    node.restart()
    assert node.client("sts").get_caller_identity()["Account"] == ACCOUNT
    assert node.text().count(node.secret) == 1
    stored = b"".join(p.read_bytes() for p in node.data.rglob("*") if p.is_file() and p.stat().st_size < 10 << 20)
    assert node.secret.encode() not in stored
    assert (node.data / "master.key").stat().st_mode & 0o777 == 0o600


def make_certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"], check=True, capture_output=True)


def test_tls_with_reload(start, tmp_path):
    make_certificate(tmp_path, "first")
    node = start(config=f'[tls]\ncertificate = "{tmp_path}/certificate.pem"\nkey = "{tmp_path}/key.pem"\n')
    assert node.endpoint.startswith("https://")
    client = boto3.client("sts", region_name="us-east-1", endpoint_url=node.endpoint, aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, verify=str(tmp_path / "certificate.pem"))
    assert client.get_caller_identity()["Account"] == ACCOUNT
    host, port = node.endpoint.split("//")[1].split(":")
    subject = lambda: ssl.get_server_certificate((host, int(port)))
    first = subject()
    make_certificate(tmp_path, "second")
    import signal
    import time
    node.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 10
    while subject() == first:
        assert time.monotonic() < deadline
        time.sleep(0.05)
