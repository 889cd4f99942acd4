"""SDKs and tools through the gateway, before servers that verify signatures (MinIO, versitygw) and moto: all of them work, every request
arrives as it was sent, and each is recorded."""

import collections
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

from gateway import gateway_of
from moto_server import Moto
from node import KEY_ID, SECRET, clean_environment
from s3_server import BIN, S3Server
from tap import Tap

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = pathlib.Path(os.environ.get("CAIRN_SDKS", ROOT / "build/sdks"))


class Audited:
    """A server behind a gateway, with a tap on either side of it."""

    def __init__(self, start, upstream, profile):
        self.behind = Tap(upstream.endpoint.split("//")[1])
        self.node = start(name=f"before-{profile}", config=f'[gateway]\nlisten = "127.0.0.1:0"\nupstream = "http://{self.behind.address}"\nprofile = "{profile}"\n')
        self.before = Tap(gateway_of(self.node.folder / "endpoint").split("//")[1])
        self.endpoint = f"http://{self.before.address}"

    def check(self):
        """Returns how many requests there were."""
        deadline = time.monotonic() + 20
        while True:
            sent, arrived = (collections.Counter(tap.requests()) for tap in (self.before, self.behind))
            records = [json.loads(line) for line in self.node.cairn("lookup", "-eventSource=cairn.amazonaws.com", "--limit", "10000", "--output", "records").splitlines()]
            calls = sum(r["eventType"] == "AwsApiCall" for r in records)
            if (set(sent) == set(arrived) and calls >= sent.total()) or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        assert sent and set(sent) == set(arrived), "\n".join(str(head) for head, _ in (sent - arrived) | (arrived - sent))
        assert all(arrived[request] >= count for request, count in sent.items())
        assert calls == sent.total(), collections.Counter(r["eventName"] for r in records)
        for record in records:
            text = json.dumps(record)
            assert SECRET not in text and "Signature=" not in text and "X-Amz-Signature" not in text
        return records


@pytest.fixture
def storage(start, tmp_path, request):
    server = S3Server(getattr(request, "param", "minio"), tmp_path / "server", kms=False).start()
    yield Audited(start, server, "minio")
    server.stop()


@pytest.fixture
def services(start, tmp_path):
    server = Moto(tmp_path)
    server.start()
    yield Audited(start, server, "moto")
    server.stop()


def run(command, **environment):
    own = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1"}
    done = subprocess.run([str(word) for word in command], env=clean_environment(**{**own, **environment}), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def names(records, source="s3.amazonaws.com"):
    return collections.Counter(r["eventName"] for r in records if r["eventSource"] == source and r["eventType"] == "AwsApiCall")


SDKS = {"js": [BUILT / "tools/bin/node", BUILT / "js/calls.mjs"],
        "go": [BUILT / "go/calls"],
        "java": ["java", "-cp", f"{BUILT}/java/target/sdk-1.jar:{BUILT}/java/target/dependency/*", "Calls"]}


@pytest.mark.parametrize("sdk", SDKS)
def test_an_sdk_works_and_its_requests_arrive_as_they_were_sent(storage, services, sdk):
    assert run([*SDKS[sdk], storage.endpoint, services.endpoint]).strip() == "done"
    calls = names(storage.check())
    assert calls["CreateBucket"] == 1 and calls["PutObject"] >= 3 and calls["CopyObject"] == 1 and calls["DeleteObjects"] == 1 and calls["CompleteMultipartUpload"] == 1
    others = services.check()
    assert names(others, "sts.amazonaws.com") == {"GetCallerIdentity": 1}
    assert names(others, "dynamodb.amazonaws.com")["CreateTable"] == 1
    assert names(others, "sqs.amazonaws.com") == {"CreateQueue": 1, "SendMessage": 1}


@pytest.mark.parametrize("storage", ["minio", "versitygw"], indirect=True)
def test_the_aws_cli_and_boto3(storage, tmp_path):
    big = tmp_path / "big"
    big.write_bytes(os.urandom(9 << 20))
    aws = [sys.executable, pathlib.Path(sys.executable).parent / "aws", "--endpoint-url", storage.endpoint]
    run([*aws, "s3", "mb", "s3://tool-aws"])
    run([*aws, "s3", "cp", big, "s3://tool-aws/big"])
    run([*aws, "s3", "cp", "s3://tool-aws/big", tmp_path / "back"])
    assert (tmp_path / "back").read_bytes() == big.read_bytes()
    run([*aws, "s3", "rm", "--recursive", "s3://tool-aws/"])
    assert names(storage.check())["UploadPart"] == 2


def test_s3cmd(storage, tmp_path):
    config = tmp_path / "s3cfg"
    config.write_text(f"[default]\naccess_key = {KEY_ID}\nsecret_key = {SECRET}\nhost_base = {storage.before.address}\nhost_bucket = {storage.before.address}\nuse_https = False\n")
    (tmp_path / "file").write_text("by s3cmd")
    s3cmd = ["s3cmd", "--config", config]
    run([*s3cmd, "mb", "s3://tool-s3cmd"])
    run([*s3cmd, "put", tmp_path / "file", "s3://tool-s3cmd/dir/file (1).txt"])
    run([*s3cmd, "get", "s3://tool-s3cmd/dir/file (1).txt", tmp_path / "back"])
    assert (tmp_path / "back").read_text() == "by s3cmd"
    run([*s3cmd, "del", "--recursive", "--force", "s3://tool-s3cmd/"])
    assert names(storage.check())["PutObject"] == 1


def test_rclone(storage, tmp_path):
    config = tmp_path / "rclone.conf"
    config.write_text(f"[gw]\ntype = s3\nprovider = Minio\naccess_key_id = {KEY_ID}\nsecret_access_key = {SECRET}\nendpoint = {storage.endpoint}\nregion = us-east-1\n")
    source = tmp_path / "source"
    source.mkdir()
    for n in range(5):
        (source / f"f {n}.txt").write_text("x" * n * 1000)
    rclone = ["rclone", "--config", config]
    run([*rclone, "copy", source, "gw:tool-rclone/dir"])
    run([*rclone, "check", source, "gw:tool-rclone/dir"])
    run([*rclone, "purge", "gw:tool-rclone"])
    assert names(storage.check())["PutObject"] == 5


def test_mc(storage, tmp_path):
    (tmp_path / "big").write_bytes(os.urandom(70 << 20))
    mc = [BIN / "mc", "--config-dir", tmp_path / "mc", "--quiet"]
    host = {"MC_HOST_gw": storage.endpoint.replace("://", f"://{KEY_ID}:{SECRET}@")}
    run([*mc, "mb", "gw/tool-mc"], **host)
    run([*mc, "cp", tmp_path / "big", "gw/tool-mc/dir/big (1)"], **host)
    run([*mc, "cp", "gw/tool-mc/dir/big (1)", tmp_path / "back"], **host)
    assert (tmp_path / "back").read_bytes() == (tmp_path / "big").read_bytes()
    run([*mc, "rm", "--recursive", "--force", "gw/tool-mc/"], **host)
    assert names(storage.check())["UploadPart"] >= 2
