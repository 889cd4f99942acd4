"""What trails cost and how quick they are: a running node whose trail selects every management and data event, beside the same node without one and
`gzip -6` of the same JSON in two processes."""

import argparse
import glob
import gzip
import itertools
import json
import os
import pathlib
import re
import subprocess
import threading
import time

import dataset
import served
from report import percentile

from node import ACCOUNT, clean_environment  # noqa: E402  (served knows where it is)
from test_trails import BUCKET, documented_policy  # noqa: E402

SELECTORS = [{"ReadWriteType": "All", "IncludeManagementEvents": True,
              "DataResources": [{"Type": kind, "Values": [value]} for kind, value in
                                [("AWS::S3::Object", "arn:aws:s3"), ("AWS::Lambda::Function", "arn:aws:lambda"), ("AWS::DynamoDB::Table", "arn:aws:dynamodb")]]}]
BATCH = 1000
DIGEST_SECONDS = 8
REGIONS = 17  # that exist by default: each has a chain of digests


class Trail:
    """A node with one trail of all Regions, with digests, that delivers into a bucket of its own."""

    def __init__(self, binary, folder, delivery_interval):
        self.served = served.Served(binary, folder, settings=[f"delivery_interval={delivery_interval}", f"digest_interval={DIGEST_SECONDS}s"])
        self.node = self.served.node

    def __enter__(self):
        self.served.__enter__()
        self.s3, client = self.node.client("s3"), self.node.client()
        self.s3.create_bucket(Bucket=BUCKET)
        self.let_in()
        client.create_trail(Name="main", S3BucketName=BUCKET, IsMultiRegionTrail=True, EnableLogFileValidation=True)
        client.put_event_selectors(TrailName="main", EventSelectors=SELECTORS)
        client.start_logging(Name="main")
        deadline = time.monotonic() + 60
        while len(self.objects("CloudTrail-Digest")) < REGIONS:  # first their keys are made
            assert time.monotonic() < deadline, "no digests"
            time.sleep(0.1)
        return self

    def __exit__(self, *error):
        self.served.__exit__(*error)

    def let_in(self):
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=documented_policy())

    def keep_out(self):
        self.s3.delete_bucket_policy(Bucket=BUCKET)

    def lag(self):
        return self.served.metric('cairn_view_lag_events{view="trail"}')

    def lag_seconds(self):
        return self.served.metric('cairn_view_lag_seconds{view="trail"}')

    def delivered_events(self):
        return self.served.metric("cairn_trail_events_total")

    def wait_until_delivered(self, seconds=120):
        """The time at which nothing waited."""
        deadline = time.monotonic() + seconds
        while self.lag() > 0:
            assert time.monotonic() < deadline, f"{self.lag()} events wait"
            time.sleep(0.02)
        return time.perf_counter()

    def objects(self, tree):
        return glob.glob(str(self.node.data / "buckets" / BUCKET / "AWSLogs" / ACCOUNT / tree / "**" / "*.json.gz"), recursive=True)

    def files(self):
        return self.objects("CloudTrail")


def line(name, value, beside=""):
    print(f"  {name:<46} {value:>16}   {beside}".rstrip(), flush=True)


def make_records(binary, path, events):
    """Of the hour that begins in an hour: after StartLogging, whenever that is."""
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7200))
    with open(path, "wb") as out:
        subprocess.run([binary, "generate", "--count", str(events), "--days", "0.04", "--until", until, "--account", ACCOUNT], stdout=out, check=True)


def gzip_rate(data, events, work):
    """Events a second of `gzip -6` in two processes."""
    halves = [work / "half-0", work / "half-1"]
    with open(data, "rb") as lines:
        for half in halves:
            half.write_bytes(b"".join(itertools.islice(lines, events // 2)))
    begin = time.perf_counter()
    running = [subprocess.Popen(["gzip", "-6", "-c", half], stdout=subprocess.DEVNULL) for half in halves]
    assert all(process.wait() == 0 for process in running)
    return events / (time.perf_counter() - begin)


def load(node, data, events, teach):
    """Events a second, and CPU microseconds an event, of what follows the first `teach` events."""
    node.ingest(dataset.batches(data, 0, teach))
    node.settle(20)
    cpu = served.cpu_seconds(node.pid)
    totals, seconds, _ = node.ingest(dataset.batches(data, teach, events))
    assert totals["stored"] == events, totals
    return seconds, cpu


def whole_path(options):
    teach = min(options.events // 10, 100_000)
    events = options.events - teach
    with served.Served(options.binary, options.work / "without") as node:
        seconds, cpu = load(node, options.data, events, teach)
        node.settle(20)
        without, without_cpu = events / seconds, (served.cpu_seconds(node.pid) - cpu) / events * 1e6
    with Trail(options.binary, options.work / "with", 0) as trail, trail.served.watched_memory() as memory:
        before, begin = trail.delivered_events(), time.perf_counter()
        seconds, cpu = load(trail.served, options.data, events, teach)
        began = time.perf_counter() - seconds
        whole = trail.wait_until_delivered() - began
        trail.served.settle(20)
        path_cpu = (served.cpu_seconds(trail.served.pid) - cpu) / events * 1e6
        selected = trail.delivered_events() - before
        raw = sum(os.path.getsize(path) for path in trail.files())
        time.sleep(DIGEST_SECONDS + 2)  # until digests name what is to be validated
    compressed = gzip_rate(options.data, options.events, options.work)
    print(f"whole path: ingest, history, a trail that selects {selected / options.events:.0%}, digests; {events:,} events, files at once")
    line("ingest without a trail", f"{without:,.0f} /s", f"{without_cpu:.2f} us of CPU an event")
    line("until all is in the bucket, with it", f"{events / whole:,.0f} /s", f"{path_cpu:.2f} us of CPU an event; {events / whole / without:.2f} of it without")
    line("gzip -6 in two processes", f"{compressed:,.0f} /s", f"whole path / it {events / whole / compressed:.2f}")
    line("bytes in the bucket an event", f"{raw / selected:.0f}")
    line("largest anonymous memory", f"{memory[0]:.0f} MB")
    validation(options, trail)


def validation(options, trail):
    begin, cpu = time.perf_counter(), os.times()
    said = subprocess.run([options.binary, "validate", "--data", trail.node.data, "--config", trail.node.config, "--trail", "main", "--json"],
                          env=clean_environment(), capture_output=True, text=True)
    seconds, cpu = time.perf_counter() - begin, sum(os.times()[2:4]) - sum(cpu[2:4])
    regions = json.loads(said.stdout)["regions"]
    assert said.returncode == 0, said.stdout[-2000:] + said.stderr
    total = sum(region["bytes"] for region in regions)
    assert total > 0, "no digest names a log file"
    paths = sorted(trail.files(), key=os.path.getsize)
    begin = time.perf_counter()
    running = [subprocess.Popen(["bash", "-c", 'gzip -dc "$@" | sha256sum', "bash", *paths[part::2]], stdout=subprocess.DEVNULL) for part in (0, 1)]
    assert all(process.wait() == 0 for process in running)
    unzipped = time.perf_counter() - begin
    line("cairn validate, JSON", f"{total / seconds / 1e9:.2f} GB/s", f"{total / cpu / 1e9:.2f} GB for each second of CPU; {total / 1e9:.2f} GB in {len(paths)} files; gzip -dc | sha256sum twice {total / unzipped / 1e9:.2f} GB/s")


class Pace:
    """Posts bodies at a steady rate on a few connections, each with eventIDs that were never there."""

    def __init__(self, node, bodies, per_second, connections=4):
        self.node, self.bodies, self.per_second = node, bodies, per_second
        self.taken, self.acknowledged = [], []
        self.stopping, self.next, self.lock = threading.Event(), itertools.count(), threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(connections)]

    def __enter__(self):
        self.begin = time.perf_counter()
        [thread.start() for thread in self.threads]
        return self

    def __exit__(self, *_):
        self.stopping.set()
        [thread.join() for thread in self.threads]

    def run(self):
        connection = served.http.client.HTTPConnection(self.node.host)
        while not self.stopping.is_set():
            number = next(self.next)
            due = self.begin + number / self.per_second
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            body = self.bodies[number % len(self.bodies)].replace(b'"eventID":"########', b'"eventID":"%08x' % number)
            begin = time.perf_counter()
            connection.request("POST", "/ingest", body, {"Authorization": "Bearer " + self.node.token})
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200, text
            with self.lock:
                self.taken.append((begin, time.perf_counter() - begin))
                self.acknowledged.append((number, time.time()))

    def p99_ms(self, since, until):
        return percentile([taken for begin, taken in self.taken if since <= begin < until], 0.99) * 1e3


def fresh_bodies(data, batch, count):
    """Their eventIDs begin with eight characters that Pace replaces."""
    with open(data, "rb") as lines:
        marked = (re.sub(rb'"eventID":\s*"[0-9a-f]{8}', b'"eventID":"########', text) for text in lines)
        return [b"".join(itertools.islice(marked, batch)) for _ in range(count)]


def latency(options):
    batch, per_second = 10, 100
    with Trail(options.binary, options.work / "latency", 0) as trail:
        with Pace(trail.served, fresh_bodies(options.data, batch, 100), per_second, connections=2) as pace:
            time.sleep(options.seconds)
        trail.wait_until_delivered()
        acknowledged = {b"%08x" % number: at for number, at in pace.acknowledged}
        waits = []
        for path in trail.files():
            named = os.stat(path).st_ctime  # when it got its name
            waits += [named - acknowledged[prefix] for prefix in re.findall(rb'"eventID":"([0-9a-f]{8})', gzip.decompress(pathlib.Path(path).read_bytes())) if prefix in acknowledged]
        waits = [max(0.0, wait) * 1e3 for wait in waits]  # a file may be there before the client has read its answer
    print(f"acknowledged to file, delivery_interval = 0, {batch * per_second:,} events a second for {options.seconds:.0f} s")
    line("p50, p99", f"{percentile(waits, .5):.0f}, {percentile(waits, .99):.0f} ms", f"{len(waits):,} events")


def away(options):
    per_second = options.rate / BATCH
    with Trail(options.binary, options.work / "away", "5s") as trail, trail.served.watched_memory() as memory:
        with Pace(trail.served, fresh_bodies(options.data, BATCH, 50), per_second) as pace:
            time.sleep(3 + options.seconds / 2)
            gone = time.perf_counter()
            trail.keep_out()
            time.sleep(options.seconds)
            back = time.perf_counter()
            backlog = trail.lag()
            trail.let_in()
            # Gone is what waited then: nothing that is older than the return waits any more.
            while (still := trail.lag_seconds()) > time.perf_counter() - back:
                assert time.perf_counter() < back + 120, f"the oldest has been waiting for {still} s"
                time.sleep(0.05)
            drained = time.perf_counter() - back
        sent = len(pace.taken) * BATCH / (drained + back - pace.begin)
    print(f"a bucket that is away for {options.seconds:.0f} s, at {sent:,.0f} events a second of {options.rate:,} wanted")
    there = pace.p99_ms(pace.begin + 3, gone)
    line("request p99 before, meanwhile", f"{there:.0f}, {pace.p99_ms(gone, back):.0f} ms", f"ratio {pace.p99_ms(gone, back) / there:.2f}")
    line("backlog at its return", f"{backlog:,.0f}", f"gone in {drained:.1f} s, under the same load")
    line("largest anonymous memory", f"{memory[0]:.0f} MB")


PARTS = {"path": whole_path, "latency": latency, "away": away}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--events", type=int, default=400_000, help="of the whole path")
    parser.add_argument("--seconds", type=float, default=20, help="of latency, and how long the bucket is away")
    parser.add_argument("--rate", type=int, default=50_000, help="events a second while the bucket is away")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; default: all")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    options.data = options.work / "records.ndjson"
    make_records(options.binary, options.data, max(options.events, 50 * BATCH))
    for part in options.parts or PARTS:
        PARTS[part](options)


if __name__ == "__main__":
    main()
