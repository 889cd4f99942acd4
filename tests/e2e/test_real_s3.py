"""Trails deliver to real S3 servers: the same files, the same digests, whatever happens to the server."""

import gzip
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid

import pytest
from botocore.exceptions import ClientError

from fault_proxy import FAULTS, FaultProxy
from node import ACCOUNT, Node, record
from s3_server import KMS_KEY

BUCKET = "audit-logs"
ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
AWS = pathlib.Path(sys.executable).parent / "aws"
QUICK = 'delivery_interval = 0\ndigest_interval = "3s"\nregions = ["us-east-1"]\n'
both = pytest.mark.parametrize("program", ["versitygw", "minio"])


def wait_for(what, seconds=40):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.1)
    return found


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def keys(server, tree="CloudTrail"):
    pages = server.client().get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"AWSLogs/{ACCOUNT}/{tree}/")
    return [item["Key"] for page in pages for item in page.get("Contents", []) if not item["Key"].endswith("/")]


def delivered(server):
    """The records of all files; each file is read once, for none is written twice."""
    client, seen = server.client(), server.__dict__.setdefault("seen", {})
    for key in keys(server):
        if key not in seen:
            seen[key] = json.loads(gzip.decompress(client.get_object(Bucket=BUCKET, Key=key)["Body"].read()))["Records"]
    return [record for key in keys(server) for record in seen.get(key, [])]


def named_by_digests(server):
    digests = [server.client().get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys(server, "CloudTrail-Digest")]
    return [log["s3Object"] for digest in digests for log in json.loads(gzip.decompress(digest))["logFiles"]]


def ids_of(server, name):
    return [r["eventID"] for r in delivered(server) if r["eventName"] == name]


def validate(node, server, begin):
    environment = node.environment(PATH=os.environ["PATH"], AWS_ENDPOINT_URL_S3=server.endpoint)
    done = subprocess.run([AWS, "cloudtrail", "validate-logs", "--trail-arn", ARN, "--start-time", begin, "--region", "us-east-1"], env=environment,
                          capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def make_trail(node, **more):
    client = node.client()
    client.create_trail(Name="main", S3BucketName=BUCKET, EnableLogFileValidation=True, **more)
    client.start_logging(Name="main")
    return client


@both
def test_files_and_digests_lie_in_the_real_bucket(start, start_s3, program):
    server = start_s3(program)
    server.client().create_bucket(Bucket=BUCKET)
    node = start(config=QUICK + server.config())
    begin = now()
    client = make_trail(node)
    for _ in range(5):
        client.list_trails()
    wait_for(lambda: len(ids_of(server, "ListTrails")) == 5)
    first = server.client().get_object(Bucket=BUCKET, Key=keys(server)[0])
    assert (first["ContentType"], first["ContentEncoding"]) == ("application/json", "gzip")
    status = client.get_trail_status(Name="main")
    assert status["LatestDeliveryTime"] and "LatestDeliveryError" not in status

    wait_for(lambda: len(keys(server, "CloudTrail-Digest")) >= 3)
    code, text = validate(node, server, begin)
    assert code == 0 and "INVALID" not in text, text
    assert "log files valid" in text
    out = node.cairn("validate", "--config", node.config, "--data", node.data, "--trail", "main", "--json")
    report = json.loads(out)["regions"][0]
    assert report["logFiles"]["valid"] >= 1 and report["logFiles"]["invalid"] == 0
    assert not [f for f in report["findings"] if f["problem"]], report["findings"]

    lost = named_by_digests(server)[0]
    server.client().delete_object(Bucket=BUCKET, Key=lost)
    code, text = validate(node, server, begin)
    assert code == 1 and f"s3://{BUCKET}/{lost}\tINVALID: not found" in text, text
    out = node.cairn("validate", "--data", node.data, "--endpoint-url", server.endpoint, "--trail", "main", status=3)
    assert f"s3://{BUCKET}/{lost}\tINVALID: not found" in out


@both
def test_a_bucket_that_can_not_take_files(start, start_s3, program):
    server = start_s3(program)
    node = start(config=QUICK + server.config())
    with pytest.raises(ClientError) as refused:
        node.client().create_trail(Name="main", S3BucketName=BUCKET)
    assert refused.value.response["Error"]["Code"] == "S3BucketDoesNotExistException"
    server.client().create_bucket(Bucket=BUCKET)
    stranger = start(name="stranger", config=QUICK + server.config().replace(server.secret, "not the secret"))
    with pytest.raises(ClientError) as refused:
        stranger.client().create_trail(Name="main", S3BucketName=BUCKET)
    assert refused.value.response["Error"]["Code"] == "InsufficientS3BucketPolicyException"
    assert "not the secret" not in stranger.text()

    client = make_trail(node)
    wait_for(lambda: ids_of(server, "StartLogging"))
    folders = [f"AWSLogs/{ACCOUNT}/CloudTrail/", f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/"]

    def gone():
        try:
            server.client().delete_bucket(Bucket=BUCKET)
            return True
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                return True
        for key in keys(server) + keys(server, "CloudTrail-Digest") + folders:
            server.client().delete_object(Bucket=BUCKET, Key=key)
        return False

    def taken_away():
        """What was under way may bring back files, and with MinIO the bucket: then again."""
        wait_for(gone)
        return any(client.get_trail_status(Name="main").get("LatestDeliveryError") == "NoSuchBucket" or time.sleep(0.1) for _ in range(30))

    wait_for(taken_away)
    client.list_trails()
    server.client().create_bucket(Bucket=BUCKET)
    wait_for(lambda: ids_of(server, "ListTrails"))
    wait_for(lambda: "LatestDeliveryError" not in client.get_trail_status(Name="main"))


def test_a_server_that_goes_away_and_comes_back(start, start_s3):
    server = start_s3("versitygw")
    server.client().create_bucket(Bucket=BUCKET)
    node = start(config=QUICK + server.config())
    begin = now()
    client = make_trail(node)
    wait_for(lambda: ids_of(server, "StartLogging"))
    server.stop(signal.SIGKILL)
    for _ in range(3):
        client.list_trails()
        time.sleep(0.3)
    status = client.get_trail_status(Name="main")
    assert "LatestDeliveryError" not in status, "what does not answer is not told"
    node.restart()
    server.start()
    client = node.client()
    wait_for(lambda: len(ids_of(server, "ListTrails")) == 3, seconds=60)
    client.list_tags(ResourceIdList=[ARN])
    wait_for(lambda: ids_of(server, "ListTags"))
    all_ids = [r["eventID"] for r in delivered(server)]
    assert len(all_ids) == len(set(all_ids))
    known = len(keys(server, "CloudTrail-Digest"))
    wait_for(lambda: len(keys(server, "CloudTrail-Digest")) >= known + 2)
    code, text = validate(node, server, begin)
    assert code == 0 and "INVALID" not in text, text


class Poster(threading.Thread):
    """Posts live events one after another until the node is gone; `acknowledged` are those that it has taken."""

    def __init__(self, node, token):
        super().__init__()
        self.node, self.token, self.acknowledged = node, token, []
        self.start()

    def run(self):
        for _ in range(2000):
            event_id = str(uuid.uuid4())
            body = json.dumps(record(event_id, time=now())).encode()
            request = urllib.request.Request(self.node.endpoint + "/ingest", body, {"Authorization": "Bearer " + self.token})
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    assert answer.status == 200
            except OSError:
                return
            self.acknowledged.append(event_id)


@both
def test_kills_under_load_lose_and_double_nothing(start, start_s3, program):
    server = start_s3(program)
    server.client().create_bucket(Bucket=BUCKET)
    node = start(config=QUICK + server.config())
    token = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))["secret"]
    begin = now()
    make_trail(node)
    time.sleep(1.1)  # event times are whole seconds: the first events are after the start
    acknowledged = []
    for pause in (0.15, 0.3, 0.5, 0.9):
        poster = Poster(node, token)
        time.sleep(pause)
        node.kill()
        poster.join()
        acknowledged += poster.acknowledged
        node.start()
    assert acknowledged
    wait_for(lambda: set(acknowledged) <= set(ids_of(server, "RunInstances")), seconds=120)
    known = len(keys(server, "CloudTrail-Digest"))
    wait_for(lambda: len(keys(server, "CloudTrail-Digest")) >= known + 2)
    found = [r["eventID"] for r in delivered(server)]
    assert len(found) == len(set(found))
    code, text = validate(node, server, begin)
    assert code == 0 and "INVALID" not in text, text


@both
def test_faults_of_every_kind_lose_and_double_nothing(start, start_s3, program):
    server = start_s3(program)
    server.client().create_bucket(Bucket=BUCKET)
    proxy = FaultProxy(server.address, seed=4)
    node = start(config=QUICK + server.config().replace(server.endpoint, proxy.endpoint))
    begin = now()
    client = make_trail(node)
    proxy.rate = 0.6
    calls = 0
    deadline = time.monotonic() + 60
    while calls < 40 or set(FAULTS) - set(proxy.seen):
        assert time.monotonic() < deadline, proxy.seen
        client.list_trails()
        calls += 1
        time.sleep(0.05)
    proxy.rate = 0.0
    wait_for(lambda: len(ids_of(server, "ListTrails")) >= calls, seconds=90)
    proxy.close_late()
    found = ids_of(server, "ListTrails")
    assert len(found) == len(set(found)) == calls, proxy.seen
    known = len(keys(server, "CloudTrail-Digest"))
    wait_for(lambda: len(keys(server, "CloudTrail-Digest")) >= known + 2)
    code, text = validate(node, server, begin)
    proxy.close()
    assert code == 0 and "INVALID" not in text, text


def test_a_server_with_keys_encrypts_with_the_key_of_the_trail(start, start_s3):
    server = start_s3("minio")
    server.client().create_bucket(Bucket=BUCKET)
    node = start(config=QUICK + server.config())
    begin = now()
    key_arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/"
    client = make_trail(node, KmsKeyId=key_arn + KMS_KEY)
    wait_for(lambda: ids_of(server, "StartLogging"))
    wait_for(lambda: len(keys(server, "CloudTrail-Digest")) >= 2)
    for key in keys(server) + keys(server, "CloudTrail-Digest"):
        head = server.client().head_object(Bucket=BUCKET, Key=key)
        assert head["ServerSideEncryption"] == "aws:kms" and head["SSEKMSKeyId"].endswith(KMS_KEY)
    code, text = validate(node, server, begin)
    assert code == 0 and "INVALID" not in text, text
    with pytest.raises(ClientError) as refused:
        client.create_trail(Name="other", S3BucketName=BUCKET, KmsKeyId=key_arn + KMS_KEY.replace("1234", "9999"))
    assert refused.value.response["Error"]["Code"] == "InsufficientEncryptionPolicyException"
    client.update_trail(Name="main", KmsKeyId="")
    client.list_tags(ResourceIdList=[ARN])
    wait_for(lambda: ids_of(server, "ListTags"))
    kinds = {server.client().head_object(Bucket=BUCKET, Key=key)["ServerSideEncryption"] for key in keys(server)}
    assert kinds == {"aws:kms", "AES256"}


def test_a_server_without_keys_is_taken_as_it_is(start, start_s3):
    server = start_s3("minio", kms=False)
    server.client().create_bucket(Bucket=BUCKET)
    node = start(config=QUICK + server.config())
    make_trail(node)
    wait_for(lambda: ids_of(server, "StartLogging"))
    assert "objects are written without it" in node.text()


def test_credentials_of_the_environment_and_of_a_profile(start, start_s3, tmp_path):
    server = start_s3("versitygw", key_id="AKIASOMEBODYELSE0001", secret="another secret of somebody else")
    server.client().create_bucket(Bucket=BUCKET)
    plain = QUICK + f'[s3]\nendpoint = "{server.endpoint}"\n'
    nobody = start(name="nobody", config=plain)
    with pytest.raises(ClientError):
        nobody.client().create_trail(Name="main", S3BucketName=BUCKET)
    credentials = tmp_path / "credentials"
    credentials.write_text(f"[minio]\naws_access_key_id = {server.key_id}\naws_secret_access_key = {server.secret}\n")
    for name, config, environment in (("one", plain, {"AWS_ACCESS_KEY_ID": server.key_id, "AWS_SECRET_ACCESS_KEY": server.secret}),
                                      ("two", plain + 'profile = "minio"\n', {"AWS_SHARED_CREDENTIALS_FILE": str(credentials)})):
        node = Node(tmp_path / name, config=config)
        node.extra_environment = environment
        node.start()
        try:
            node.client().create_trail(Name="main", S3BucketName=BUCKET)
            assert server.secret not in node.text()
        finally:
            node.stop()
