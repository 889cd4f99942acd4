"""The recording gateway in front of moto, MinIO and versitygw, with the AWS CLI and boto3."""

import collections
import hashlib
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from gateway import CapturingOrigin, GatewayProcess, address_of, gateway_of
from moto_server import Moto
from node import ACCOUNT, KEY_ID, SECRET, clean_environment
from s3_server import BIN

ODD_KEYS = ["a//b/(x)!'*~ +é.txt", "trailing/", "%2F", "k" * 1024, "a b&c=d?e#f", "..a/..b", "日本/語", "+plus+", "semi;colon:at@"]


@pytest.fixture
def moto(tmp_path):
    server = Moto(tmp_path)
    yield server.start()
    server.stop()


def behind(start, upstream, more="", **options):
    """A node with a gateway in front of `upstream`."""
    node = start(config=f'[gateway]\nlisten = "127.0.0.1:0"\nupstream = "{upstream}"\n{more}\n', **options)
    node.gateway = gateway_of(node.folder / "endpoint")
    return node


def client(endpoint, service, key_id=KEY_ID, secret=SECRET, **config):
    return boto3.client(service, region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id=key_id, aws_secret_access_key=secret,
                        config=Config(retries={"max_attempts": 0}, **config))


def records(node, query, limit=1000):
    return [json.loads(line) for line in node.cairn("lookup", query, "--limit", str(limit), "--output", "records").splitlines()]


def aws(endpoint, *arguments, status=0):
    environment = clean_environment(AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET, AWS_DEFAULT_REGION="us-east-1", PATH=os.environ["PATH"])
    done = subprocess.run([sys.executable, pathlib.Path(sys.executable).parent / "aws", "--endpoint-url", endpoint, *arguments], env=environment,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_a_call_of_the_aws_cli_is_found_with_lookup_events(start, moto):
    node = behind(start, moto.endpoint)
    assert "make_bucket: first-bucket" in aws(node.gateway, "s3", "mb", "s3://first-bucket")
    found = node.client().lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateBucket"}])["Events"]
    assert len(found) == 1
    record = json.loads(found[0]["CloudTrailEvent"])
    assert record["eventSource"] == "s3.amazonaws.com" and record["awsRegion"] == "us-east-1" and record["recipientAccountId"] == ACCOUNT
    assert record["userIdentity"]["accessKeyId"] == KEY_ID and record["sourceIPAddress"] == "127.0.0.1"
    assert record["userAgent"].startswith("[aws-cli/") and not record["readOnly"] and "errorCode" not in record
    assert moto.client("s3").list_buckets()["Buckets"][0]["Name"] == "first-bucket"


def test_calls_of_every_protocol_have_their_names_and_errors(start, moto):
    node = behind(start, moto.endpoint)
    client(node.gateway, "iam").create_user(UserName="ana")                                        # query
    client(node.gateway, "dynamodb").list_tables()                                                 # json
    client(node.gateway, "ec2").describe_instances()                                               # ec2
    with pytest.raises(ClientError) as missing:
        client(node.gateway, "s3").list_objects_v2(Bucket="no-such-bucket")                        # rest-xml
    assert missing.value.response["Error"]["Code"] == "NoSuchBucket"
    with pytest.raises(ClientError):
        client(node.gateway, "kms").describe_key(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
    names = {(r["eventSource"], r["eventName"]): r for r in records(node, "sourceIP = 127.0.0.1") if r["eventSource"] != "cloudtrail.amazonaws.com"}
    assert {("iam.amazonaws.com", "CreateUser"), ("dynamodb.amazonaws.com", "ListTables"), ("ec2.amazonaws.com", "DescribeInstances"),
            ("s3.amazonaws.com", "ListObjects"), ("kms.amazonaws.com", "DescribeKey")} <= set(names)
    assert names["s3.amazonaws.com", "ListObjects"]["errorCode"] == "NoSuchBucket"
    assert names["kms.amazonaws.com", "DescribeKey"]["errorCode"] == "NotFoundException"
    assert names["dynamodb.amazonaws.com", "ListTables"]["readOnly"] and not names["iam.amazonaws.com", "CreateUser"]["readOnly"]


def test_no_secret_of_a_call_reaches_the_disk(start, moto):
    node = behind(start, moto.endpoint)
    canary = "canary" + os.urandom(8).hex()
    client(node.gateway, "secretsmanager").create_secret(Name="s", SecretString=canary)
    client(node.gateway, "s3", key_id="AKIAEXAMPLEEXAMPLE09", secret=canary).list_buckets()
    signed = client(node.gateway, "s3").generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(signed)
    signature = signed.split("Signature=")[1].split("&")[0].encode()
    assert len(records(node, "eventSource = s3.amazonaws.com")) == 2
    node.stop()
    for path in [p for p in node.folder.rglob("*") if p.is_file()]:
        stored = path.read_bytes()
        assert canary.encode() not in stored and signature not in stored and b"aws4_request" not in stored, path


def store(s3, key):
    """Puts, reads and removes an object; gives what it read, or the error."""
    try:
        s3.put_object(Bucket="bucket", Key=key, Body=key.encode())
        read = s3.get_object(Bucket="bucket", Key=key)["Body"].read()
        s3.head_object(Bucket="bucket", Key=key)
        s3.delete_object(Bucket="bucket", Key=key)
    except ClientError as error:
        return error.response["Error"]["Code"]
    assert read == key.encode()
    return read


@pytest.mark.parametrize("program", ["minio", "versitygw"])
def test_servers_that_verify_signatures_take_what_passes(start, start_s3, program, tmp_path):
    server = start_s3(program)
    node = behind(start, server.endpoint)
    s3 = client(node.gateway, "s3", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="bucket")
    for key in ODD_KEYS:
        assert store(s3, key) == store(server.client(), key), key  # some names they refuse by themselves
    body = os.urandom(12 << 20)
    (tmp_path / "large").write_bytes(body)
    s3.upload_file(str(tmp_path / "large"), "bucket", "large")  # in parts
    s3.download_file("bucket", "large", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == body
    assert s3.get_object(Bucket="bucket", Key="large", Range="bytes=5-9")["Body"].read() == body[5:10]
    unsigned = client(node.gateway, "s3", s3={"addressing_style": "path", "payload_signing_enabled": False}, request_checksum_calculation="when_required")
    unsigned.put_object(Bucket="bucket", Key="empty", Body=b"")
    presigned = client(node.gateway, "s3", signature_version="s3v4", s3={"addressing_style": "path"}).generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "large"})
    opened = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(presigned)
    assert hashlib.sha256(opened.read()).digest() == hashlib.sha256(body).digest()
    with pytest.raises(ClientError) as wrong:
        client(node.gateway, "s3", secret="wrong").list_buckets()
    assert wrong.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    with pytest.raises(ClientError) as missing:
        s3.get_object(Bucket="bucket", Key="missing", IfNoneMatch='"x"')
    assert missing.value.response["Error"]["Code"] == "NoSuchKey"

    assert "upload: " in aws(node.gateway, "s3", "cp", str(tmp_path / "large"), "s3://bucket/copied")
    assert sorted(o["Key"] for o in s3.list_objects_v2(Bucket="bucket")["Contents"]) == ["copied", "empty", "large"]
    names = {r["eventName"] for r in records(node, "eventSource in (s3.amazonaws.com, s3-authn-errors.amazonaws.com)")}
    assert {"CreateBucket", "PutObject", "GetObject", "HeadObject", "DeleteObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload",
            "AuthenticateSignatureDoesNotMatch", "ListObjects"} <= names


def test_mc_works_before_minio_as_without_a_gateway(start, start_s3, tmp_path):
    node = behind(start, start_s3("minio").endpoint)
    mc = [BIN / "mc", "--config-dir", tmp_path / "mc", "--json"]
    environment = clean_environment(MC_HOST_gw=node.gateway.replace("://", f"://{KEY_ID}:{SECRET}@"))

    def run(*words):
        done = subprocess.run([*mc, *words], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines()]

    (tmp_path / "small").write_text("by mc")
    (tmp_path / "large").write_bytes(os.urandom(70 << 20))  # in parts
    run("mb", "gw/bucket")
    for name in ("small", "large"):
        run("cp", tmp_path / name, f"gw/bucket/dir/{name} (1)")
        run("cp", f"gw/bucket/dir/{name} (1)", tmp_path / f"{name}-back")
        assert (tmp_path / f"{name}-back").read_bytes() == (tmp_path / name).read_bytes()
    assert sorted(entry["key"] for entry in run("ls", "--recursive", "gw/bucket")) == ["dir/large (1)", "dir/small (1)"]
    run("rm", "--recursive", "--force", "gw/bucket/")
    run("rb", "gw/bucket")
    calls = collections.Counter(record["eventName"] for record in records(node, "eventSource=s3.amazonaws.com"))
    assert calls["CreateBucket"] == calls["DeleteBucket"] == calls["CompleteMultipartUpload"] == 1
    assert calls["PutObject"] == 1 and calls["UploadPart"] >= 2 and calls["DeleteObjects"] + calls["DeleteObject"] >= 1


def test_signed_requests_of_the_vectors_arrive_as_they_were_sent(start, cases):
    origin = CapturingOrigin()
    node = behind(start, origin.endpoint)
    sent = 0
    for case in cases("sigv4/v4.json")["cases"] + cases("sigv4/v4a.json")["cases"]:
        for form in ("header", "query"):
            text = case.get(form, {}).get("signed_request")
            if not text:
                continue
            head, _, body = text.partition("\n\n")
            lines = head.split("\n")
            if any(line.startswith(" ") for line in lines) or " HTTP/1.1" not in lines[0] or len(lines[0].split(" ")) != 3:
                continue  # folded lines and blanks in a path are no HTTP; the gateway refuses them
            if not any(line.lower().startswith("content-length:") for line in lines) and body:
                lines.append(f"Content-Length: {len(body.encode())}")
            request = ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
            origin.size = len(request)
            with socket.create_connection(address_of(node.gateway)) as connection:
                connection.settimeout(10)
                connection.sendall(request)
                assert connection.recv(1000).startswith(b"HTTP/1.1 200"), request
            assert origin.captured == request
            sent += 1
    origin.close()
    assert sent > 60


def test_a_gateway_elsewhere_gives_no_answer_without_a_record(start, moto, tmp_path):
    node = start(config="")
    token = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))["secret"]
    port = address_of(node.endpoint)[1]
    gateway = GatewayProcess(tmp_path / "gateway", moto.endpoint, node.endpoint, token, ["--set", f"account={ACCOUNT}"]).start()
    s3 = client(gateway.endpoint, "s3", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="before")
    assert len(records(node, "eventName = CreateBucket")) == 1

    node.kill()
    with pytest.raises(ClientError) as withheld:  # made, but nobody keeps its record now
        s3.create_bucket(Bucket="unrecorded")
    assert withheld.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    with pytest.raises(ClientError) as refused:  # not made at all
        s3.create_bucket(Bucket="refused")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert refused.value.response["ResponseMetadata"]["HTTPHeaders"]["x-cairn-error"] == "spool_full"
    assert {b["Name"] for b in moto.client("s3").list_buckets()["Buckets"]} == {"before", "unrecorded"}

    node.listen = f"127.0.0.1:{port}"
    node.start()
    deadline = time.monotonic() + 30
    while True:
        try:
            s3.create_bucket(Bucket="after")
            break
        except ClientError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert len(records(node, "eventName = CreateBucket")) == 3  # the one that waited came, too
    gateway.stop()


def test_a_gateway_with_a_spool_goes_on_while_the_other_side_is_away(start, moto, tmp_path):
    node = start(config="")
    token = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))["secret"]
    node.listen = node.endpoint.split("//")[1]
    spool = tmp_path / "spool"
    gateway = GatewayProcess(tmp_path / "gateway", moto.endpoint, node.endpoint, token, ["--set", f"account={ACCOUNT}", "--set", f"gateway.spool={spool}"]).start()
    node.kill()
    for i in range(10):
        client(gateway.endpoint, "s3", s3={"addressing_style": "path"}).create_bucket(Bucket=f"bucket-{i}")
    gateway.process.kill()  # what was answered is on the disk
    gateway.process.wait()
    gateway.start()
    client(gateway.endpoint, "s3", s3={"addressing_style": "path"}).create_bucket(Bucket="bucket-10")
    node.start()
    deadline = time.monotonic() + 60
    while len(records(node, "eventName = CreateBucket")) < 11:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    gateway.stop()
    assert len(records(node, "eventName = CreateBucket")) == 11  # each once
    assert not list((spool / "spool").iterdir())


def test_what_was_answered_is_recorded_after_kill_9(start, moto):
    node = behind(start, moto.endpoint)
    answered = set()

    def call(worker):
        for i in range(100_000):
            connection = http.client.HTTPConnection(*address_of(node.gateway), timeout=20)
            try:
                connection.request("GET", "/", headers={"User-Agent": f"call-{worker}-{i}"})
                if connection.getresponse().status != 503:
                    answered.add(f"call-{worker}-{i}")
            except (OSError, http.client.HTTPException):
                return

    for _ in range(3):
        before = len(answered)
        workers = [threading.Thread(target=call, args=(f"{before}.{n}",)) for n in range(4)]
        for worker in workers:
            worker.start()
        deadline = time.monotonic() + 60
        while len(answered) < before + 40:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        node.kill()
        for worker in workers:
            worker.join()
        node.start()
        node.gateway = gateway_of(node.folder / "endpoint")
    recorded = {r["userAgent"].strip("[]") for r in records(node, "eventSource = s3.amazonaws.com", limit=100_000)}
    assert answered <= recorded


def test_a_full_disk_refuses_calls_and_loses_none(start, moto):
    node = behind(start, moto.endpoint, more='[storage]\ndisk_budget = "12MB"\njournal_file_bytes = "1MiB"\ndictionary_bytes = 0')
    sqs = client(node.gateway, "sqs")
    answered = 0
    for _ in range(40):
        fill(node)
        try:
            sqs.list_queues()
            answered += 1
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503
            break
    else:
        pytest.fail("the disk was never full")
    assert len(records(node, "eventName = ListQueues")) >= answered


def fill(node):
    token = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))["secret"]
    from node import record
    for i in range(30):
        body = json.dumps(record(f"{time.monotonic_ns() % 10**8:08d}-0000-4000-8000-{i:012d}", pad=os.urandom(40_000).hex()))
        request = urllib.request.Request(node.endpoint + "/ingest", body.encode(), {"Authorization": "Bearer " + token})
        try:
            urllib.request.urlopen(request).read()
        except urllib.error.HTTPError:
            return


def test_an_upstream_that_is_down_is_said_in_the_words_of_each_protocol(start):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    node = behind(start, nobody)
    for service, call in [("s3", "list_buckets"), ("dynamodb", "list_tables"), ("iam", "list_users"), ("ec2", "describe_instances"), ("lambda", "list_functions"),
                          ("sqs", "list_queues"), ("cloudfront", "list_distributions")]:
        with pytest.raises(ClientError) as error:
            getattr(client(node.gateway, service), call)()
        response = error.value.response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 502, service
        assert "Unavailable" in response["Error"]["Code"], (service, response)
        assert response["ResponseMetadata"]["HTTPHeaders"]["x-cairn-error"] == "upstream_unreachable"


def test_the_command_says_what_is_missing(tmp_path):
    from node import BINARY

    def run(*arguments):
        done = subprocess.run([BINARY, "gateway", *arguments], env=clean_environment(), capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        return done.stderr

    assert "gateway.listen" in run()
    assert "gateway.cairn" in run("--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:1")
    assert "gateway.upstream" in run("--listen", "127.0.0.1:0", "--cairn", "http://127.0.0.1:1")
    assert "paths are signed" in run("--listen", "127.0.0.1:0", "--cairn", "http://127.0.0.1:1", "--upstream", "http://127.0.0.1:1/path")
    assert "plain HTTP is refused" in run("--listen", "0.0.0.0:0", "--cairn", "http://127.0.0.1:1", "--upstream", "http://127.0.0.1:1")
