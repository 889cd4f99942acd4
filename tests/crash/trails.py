"""Kills a node again and again while a trail delivers under load, and looks whether each event came once.

Log files come at once and digests every two seconds. Some rounds kill the process from outside at a random moment; the others let it die while it
writes an object, gives it its name, spools a log file, or recovers. After each kill the database tells what was struck: a file that was planned and
not put, or one that was put and whose receipt was not stored. At the end every acknowledged event must be in exactly one log file, every log file in
exactly one digest, and `cairn validate` must be content."""

import argparse
import collections
import datetime
import gzip
import json
import pathlib
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from node import ACCOUNT, BINARY, Node, clean_environment, record  # noqa: E402
from test_trails import ARN, BUCKET, documented_policy  # noqa: E402

REGIONS = ("us-east-1", "eu-west-1")
CONFIG = 'delivery_interval = 0\ndigest_interval = "2s"\nregions = ["us-east-1", "eu-west-1"]\n'

# What dies: the paths whose change is counted, and how many changes may pass before.
PLACES = {
    "object": (f"buckets/{BUCKET}/~/*", 1, 60),
    "name of an object": (f"buckets/{BUCKET}/AWSLogs/*.json.gz", 1, 30),
    "spool": ("view/trail/spool/*", 1, 12),
}
EVERY = [*PLACES, "outside", "outside", "outside", "recovery"]
STRUCK = ("planned, not put", "put, not published")


class Load(threading.Thread):
    """One writer: posts batches of events of now and remembers which were acknowledged."""

    def __init__(self, endpoint, token, batch, seed):
        super().__init__()
        self.endpoint, self.token, self.batch = endpoint, token, batch
        self.random = random.Random(seed)
        self.acknowledged, self.sent = [], []
        self.stopping = False

    def run(self):
        while not self.stopping:
            ids = [str(uuid.UUID(int=self.random.getrandbits(128), version=4)) for _ in range(self.batch)]
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            body = "\n".join(json.dumps(record(i, time=now, region=self.random.choice(REGIONS), pad="x" * self.random.randrange(400))) for i in ids).encode()
            self.sent += ids
            try:
                with urllib.request.urlopen(urllib.request.Request(self.endpoint + "/ingest", body, {"Authorization": "Bearer " + self.token}), timeout=60) as answer:
                    assert json.loads(answer.read())["stored"] == len(ids)
                self.acknowledged += ids
            except OSError:
                return


def start(node, plan):
    node.extra_environment = {"CAIRN_TEST_KILL": plan} if plan else {}
    try:
        node.start()
        return True
    except AssertionError:
        assert plan and node.process.returncode == -9, node.text()[-3000:]
        return False


def struck(node):
    """What of STRUCK the dead node leaves open."""
    found = collections.Counter()
    with sqlite3.connect(node.data / "meta.sqlite") as database:
        objects = {bytes(key) for key, in database.execute("SELECT key FROM pairs WHERE space = ?", (f"objects/{BUCKET}".encode(),))}
        plans = database.execute("SELECT value FROM pairs WHERE space = ? AND key >= ? AND key < ?", (b"follow", b"trail/plan/", b"trail/plan0"))
        for body, in plans:
            key = re.search(rb"AWSLogs/[\x21-\x7e]+?\.json\.gz", bytes(body))
            found[STRUCK[key[0] in objects]] += 1
    database.close()
    return found


def one_round(node, token, number, kind, draw, hits):
    plan = None
    if kind in PLACES:
        pattern, least, most = PLACES[kind]
        plan = f"{draw.randint(least, most)}:{pattern}"
    elif kind == "recovery":
        plan = f"{draw.randint(1, 8)}:*"
    if not start(node, plan):
        hits["recovery"] += 1
        start(node, None)
    writers = [Load(node.endpoint, token, batch, draw.random()) for batch in (1, 7, 200, 1000)]
    for writer in writers:
        writer.start()
    try:
        node.process.wait(timeout=draw.uniform(0.5, 2) if kind in ("outside", "recovery") else 10)
        hits[kind] += 1
    except subprocess.TimeoutExpired:
        node.kill()
        hits["outside"] += 1
    for writer in writers:
        writer.stopping = True
        writer.join()
    assert node.process.returncode == -9, node.text()[-3000:]
    left = struck(node)
    hits.update({what: 1 for what in left})
    acknowledged = [i for writer in writers for i in writer.acknowledged]
    print(f"round {number}: {kind} {plan or ''} acknowledged {len(acknowledged)}, open {dict(left)}", flush=True)
    return acknowledged, [i for writer in writers for i in writer.sent]


def objects(node, tree):
    s3 = node.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"AWSLogs/{ACCOUNT}/{tree}/")
    for key in (item["Key"] for page in pages for item in page.get("Contents", []) if not item["Key"].endswith("/")):
        yield key, json.loads(gzip.decompress(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()))


def wait_until_delivered(node):
    deadline = time.monotonic() + 120
    while True:
        trail = json.loads(node.cairn("trails", "--output", "json"))["trails"][0]
        with urllib.request.urlopen(node.endpoint + "/metrics") as answer:
            lag = float(re.search(r'^cairn_view_lag_events\{view="trail"\} (\S+)', answer.read().decode(), re.M)[1])
        if trail["waitingFiles"] == 0 and lag == 0:
            return
        assert time.monotonic() < deadline, trail
        time.sleep(0.2)


def wait_until_digested(node, files):
    """How often each file is named, once each is."""
    deadline = time.monotonic() + 60
    while True:
        named = collections.Counter(file["s3Object"] for _, digest in objects(node, "CloudTrail-Digest") for file in digest["logFiles"])
        if files <= set(named) or time.monotonic() > deadline:
            return named
        time.sleep(0.5)


def check(node, acknowledged, sent):
    start(node, None)
    wait_until_delivered(node)
    node.client().stop_logging(Name="main")
    time.sleep(1)
    wait_until_delivered(node)
    files = dict(objects(node, "CloudTrail"))
    times = collections.Counter(event["eventID"] for content in files.values() for event in content["Records"])
    missing = [i for i in acknowledged if i not in times]
    assert not missing, f"{len(missing)} acknowledged events are in no file"
    doubled = [i for i, count in times.items() if count > 1]
    assert not doubled, f"{len(doubled)} events are in several files"
    named = wait_until_digested(node, set(files))
    assert set(named) == set(files), f"{len(set(files) - set(named))} files are in no digest, {len(set(named) - set(files))} are only there"
    assert set(named.values()) == {1}, "a file is in two digests"
    said = subprocess.run([BINARY, "validate", "--data", node.data, "--config", node.config, "--trail", ARN], env=clean_environment(), capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    node.stop()
    return len(files), sum(i in times for i in sent)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    draw = random.Random(options.seed)
    hits, acknowledged, sent = collections.Counter(), [], []
    with tempfile.TemporaryDirectory() as folder:
        node = Node(folder, config=CONFIG)
        node.start()
        s3, client = node.client("s3"), node.client()
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_policy(Bucket=BUCKET, Policy=documented_policy())
        client.create_trail(Name="main", S3BucketName=BUCKET, IsMultiRegionTrail=True, EnableLogFileValidation=True)
        client.start_logging(Name="main")
        node.stop()
        made = subprocess.run([BINARY, "keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data], env=clean_environment(),
                              capture_output=True, text=True, check=True)
        token = json.loads(made.stdout)["secret"]
        kinds = [kind for _ in range(-(-options.rounds // len(EVERY))) for kind in draw.sample(EVERY, len(EVERY))][:options.rounds]
        for number, kind in enumerate(kinds):
            kept, tried = one_round(node, token, number, kind, draw, hits)
            acknowledged += kept
            sent += tried
        files, found = check(node, acknowledged, sent)
    print(f"{options.rounds} rounds, {len(acknowledged)} acknowledged events ({found} of {len(sent)} sent) once each in {files} files, each in one digest; hits: {dict(hits)}")
    missed = [kind for kind in {*EVERY, *STRUCK} if not hits[kind]]
    assert options.rounds < 4 * len(EVERY) or not missed, f"never hit: {missed}"


if __name__ == "__main__":
    main()
