"""The examples of the README work as printed, and print what the README shows. The moto behind the gateway, and what happens there, are those of `./dev run`."""

import datetime
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import pytest

from gateway import gateway_of
from moto_server import Moto
from node import ACCOUNT, BINARY, Node
from test_trails import documented_policy, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNTIL = "2026-11-21T16:00:00Z"  # when the README was written
EXAMPLE = re.compile(r"<!-- example: ([\w-]+)(?:, status (\d+))? -->\n```sh\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.S)
EXAMPLES = EXAMPLE.findall((ROOT / "README.md").read_text())


TODAY = r"(?!2026-11-(?:1\d|2[01])T)20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ(?=  |\tcloudtrail| and |\n|:\n| to )"  # in what a trail's examples print


def same_everywhere(text):
    """Without what differs from run to run: seconds, secrets and ids of tokens, when and how many files a trail delivered; and times as version 2 of the AWS
    CLI writes them."""
    text = re.sub(r"2026-11-2[89]T\d\d:\d\d:\d\dZ|" + TODAY, "a time", text)
    text = re.sub(r"\b(i|vol)-[0-9a-f]{17}\b", r"\1-1", text)
    text = re.sub(r"\bA[KS]IA[A-Z2-7]{16}\b", "a key", text)
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "an id", text)
    text = re.sub(r"\d{4}/\d\d/\d\d/(\w+_CloudTrail_)", r"a day/\1", text)
    text = re.sub(r"\d{8}T\d{4}Z_\w{16}", "a file", text)
    text = re.sub(r"\d+/\d+( \w+ files )", r"some\1", text)
    text = re.sub(r"in \d+\.\d s", "in 0.1 s", text)
    text = re.sub(r"cairn_\w{40}", "cairn_" + "x" * 40, text)
    text = re.sub(r"cairn-\w{16}", "cairn-" + "x" * 16, text)
    as_time = lambda epoch: datetime.datetime.fromtimestamp(int(epoch[1]), datetime.timezone.utc).isoformat()  # noqa: E731
    return re.sub(r"\b(\d{10})\.0\b", as_time, text)


def make_awslogs(folder, events):
    day = folder / "AWSLogs/123456789012/CloudTrail/us-east-1/2026/11/21"
    day.mkdir(parents=True)
    records = [json.loads(line) for line in events.splitlines()]
    for n in range(3):
        (day / f"123456789012_CloudTrail_us-east-1_20261121T16{n:02d}Z_EXAMPLE.json.gz").write_bytes(gzip.compress(json.dumps({"Records": records[n::3]}).encode()))
    digests = folder / "AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2026/11/21"
    digests.mkdir(parents=True)
    (digests / "digest.json.gz").write_bytes(gzip.compress(json.dumps({"awsAccountId": "123456789012", "digestStartTime": UNTIL, "digestS3Object": "o", "logFiles": []}).encode()))


def make_trail(node):
    """As `./dev run` does, and waits until a digest names its first log file."""
    s3, client = node.client("s3"), node.client()
    s3.create_bucket(Bucket="example-logs")
    arn = "arn:aws:cloudtrail:us-east-1:123456789012:trail/example"
    s3.put_bucket_policy(Bucket="example-logs", Policy=documented_policy("example-logs", arn).replace(ACCOUNT, "123456789012"))
    client.create_trail(Name="example", S3BucketName="example-logs", IsMultiRegionTrail=True, EnableLogFileValidation=True)
    client.start_logging(Name="example")

    def named():
        digests = (node.data / "buckets/example-logs").rglob("*_CloudTrail-Digest_us-east-1_*.json.gz")
        return any(json.loads(gzip.decompress(path.read_bytes()))["logFiles"] for path in digests)

    wait_for(named)
    time.sleep(5)  # and those that were just written


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A node with the events that ./dev run would have loaded at the time of the README, and the files its examples read."""
    folder = tmp_path_factory.mktemp("readme")
    moto = Moto(folder, account="123456789012").start()
    gateway = f'[gateway]\nlisten = "127.0.0.1:0"\nupstream = "{moto.endpoint}"\nprofile = "moto"\n'
    node = Node(folder, config=f'delivery_interval = 0\ndigest_interval = "2s"\n{gateway}')
    node.config.write_text(node.config.read_text().replace("111122223333", "123456789012"))
    node.start()
    events = node.folder / "events.ndjson"
    events.write_text(node.cairn("generate", "--count", "6000", "--days", "5", "--seed", "1", "--until", UNTIL))
    node.cairn("import", "--no-state", events)
    (node.folder / "cairn-data").symlink_to(node.data)
    make_trail(node)
    make_awslogs(node.folder, node.cairn("generate", "--count", "300", "--seed", "2", "--until", UNTIL))
    tools = node.folder / "bin"
    tools.mkdir()
    (tools / "aws").write_text(f'#!/bin/sh\nexec {sys.executable} -m awscli "$@"\n')
    (tools / "aws").chmod(0o755)
    node.more_environment = {"PATH": f"{tools}:{os.environ['PATH']}", "TZ": "UTC"}
    story = subprocess.run([ROOT / "packaging/example/story.sh", gateway_of(node.folder / "endpoint"), moto.endpoint], env={**os.environ, **node.more_environment},
                           capture_output=True, text=True, timeout=300)
    assert story.returncode == 0, story.stderr
    (node.data / "example-story").write_text(story.stdout)
    yield node
    node.kill()
    moto.stop()


@pytest.mark.parametrize("name,status,command,shown", EXAMPLES, ids=[name for name, *_ in EXAMPLES])
def test_example(example, name, status, command, shown):
    done = subprocess.run(["bash", "-ec", command.replace("build/release/cairn", BINARY)], cwd=example.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**example.environment(), **example.more_environment}, text=True, timeout=120)
    assert done.returncode == int(status or 0), done.stdout
    if token := re.search(r"cairn_\w{40}", done.stdout):
        example.more_environment["TOKEN"] = token[0]
    assert same_everywhere(done.stdout) == same_everywhere(shown)


def test_there_are_examples():
    assert len(EXAMPLES) >= 8 and all(shown for *_, shown in EXAMPLES)
