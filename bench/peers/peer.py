"""What all peers have in common: the order of a measurement, and what it prints.

    PEER.py RECORDS.ndjson ROWS.ndjson PROBES.json FOLDER EVENTS DURABLE_EVENTS

The first DURABLE_EVENTS are stored 1,000 a commit, each durable before the next, and timed; the rest follows in large commits, so that lookups run over
EVENTS. Preparing a batch (reading, building rows) is never counted, neither as time nor as CPU. Prints one JSON object; peers/tantivy prints the same."""

import itertools
import json
import pathlib
import sys
import time

SMALL_COMMIT = 1_000
LARGE_COMMIT = 50_000
FOUND_MAX = 50
ABSENT_TEXTS = ("no-such-text-anywhere", "qqzzqq")

TIME, ACCOUNT, REGION, EVENT_ID, EVENT_NAME, EVENT_SOURCE, USERNAME, ACCESS_KEY_ID, READ_ONLY, RESOURCES = range(10)  # a row of bench_rows


class Peer:
    """One engine with a fresh database in `folder`. Overridden by each peer."""

    def __init__(self, folder):
        self.folder = folder
        self.prepared_cpu = 0.0

    def prepare(self, rows, records):
        raise NotImplementedError

    def insert(self, batch):
        """Returns when `batch` is durable and can be found."""
        raise NotImplementedError

    def settle(self):
        """Ends the work that goes on behind inserts."""

    def before_lookups(self):
        """What this engine wants after a bulk load."""

    def cpu_seconds(self):
        """CPU of the engine so far. Here: of this process, without what was spent on preparing."""
        return time.process_time() - self.prepared_cpu

    def count(self):
        raise NotImplementedError

    def find(self, key, account, region, value):
        """How many events the newest FOUND_MAX of that value are; their records are read."""
        raise NotImplementedError

    def scan(self, text):
        """Counts records with `text`; False when the engine has no such thing."""
        return False

    def bytes(self):
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def close(self):
        pass


def batches(records, rows, events, size):
    left = events
    while left > 0:
        batch = [json.loads(row) for row in itertools.islice(rows, min(size, left))]
        if not batch:
            return
        yield batch, [next(records).rstrip(b"\n") for _ in batch]
        left -= len(batch)


def load(peer, records, rows, events, size):
    """Events stored, and the seconds inside inserts."""
    stored, seconds = 0, 0.0
    begin = time.thread_time()
    for batch_rows, batch_records in batches(records, rows, events, size):
        batch = peer.prepare(batch_rows, batch_records)
        peer.prepared_cpu += time.thread_time() - begin
        before = time.perf_counter()
        peer.insert(batch)
        seconds += time.perf_counter() - before
        stored += len(batch_rows)
        begin = time.thread_time()
    return stored, seconds


def look_up(peer, probes):
    """Every probe once to warm, then once for its time."""
    answer = {}
    for key, values in probes.items():
        for probe in values:
            peer.find(key, *probe)
        times, found = [], []
        for probe in values:
            begin = time.perf_counter()
            found.append(peer.find(key, *probe))
            times.append((time.perf_counter() - begin) * 1e3)
        answer[key] = {"ms": times, "found": found}
    return answer


def scan(peer):
    """CPU seconds for each of the absent texts; empty when the engine can not."""
    spent = []
    for text in ABSENT_TEXTS:
        before = peer.cpu_seconds()
        found = peer.scan(text)
        if found is False:
            return []
        assert found == 0, f"{text} was found {found} times"
        spent.append(peer.cpu_seconds() - before)
    return spent


def measure(make_peer):
    records_path, rows_path, probes_path, folder, events, durable = sys.argv[1:]
    events, durable = int(events), min(int(durable), int(events))
    peer = make_peer(pathlib.Path(folder))
    try:
        with open(records_path, "rb") as records, open(rows_path, "rb") as rows:
            before = peer.cpu_seconds()
            stored, seconds = load(peer, records, rows, durable, SMALL_COMMIT)
            peer.settle()
            cpu = peer.cpu_seconds() - before
            load(peer, records, rows, events - stored, LARGE_COMMIT)
        peer.settle()
        peer.before_lookups()
        answer = {"durable_events": stored, "seconds": seconds, "cpu_seconds": cpu, "rows": peer.count(), "bytes": peer.bytes()}
        answer["lookups"] = look_up(peer, json.loads(pathlib.Path(probes_path).read_text()))
        answer["scan_cpu_seconds"] = scan(peer)
        print(json.dumps(answer))
    finally:
        peer.close()
