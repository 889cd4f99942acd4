"""Kills a node again and again under full load and looks whether it kept what it promised.

Every acknowledged event must be found exactly once after the restart, every other one at most once. Some rounds kill the process from
outside at a random moment; the others let it die inside a chosen kind of work: an append, the sealing of a journal file, the joining of
tiny blocks, a manifest, the files of the admission and history index, their merges, retention, or recovery itself. Each kind is counted as
hit. Beside the events that are looked for, others of a class with a retention of a second come and go."""

import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from node import ACCOUNT, BINARY, Node, clean_environment, record  # noqa: E402

# So small that every kind of work comes up within seconds.
SETTINGS = [part for setting in (
    "storage.journal_file_bytes=1MiB", "storage.archive_file_bytes=2MiB", "storage.dictionary_bytes=65536", "storage.identity_table=255",
    "history.head_events=512", "retention.data=1s") for part in ("--set", setting)]

# What dies: the paths whose change is counted, how many changes may pass before, and how many records a request of the load may hold.
ANY, TINY = (1, 7, 200, 1000), (1, 1, 2, 3)
PLACES = {
    "append": ("log/journal/*", 40, 400, ANY),
    "seal": ("log/archive/*", 4, 40, ANY),
    "merge of blocks": ("log/archive/management/*.cairn", 1, 6, TINY),  # of them nothing but joined blocks are written
    "publish": ("log/manifest*", 3, 14, ANY),
    "admission": ("seen/*", 1, 200, ANY),
    "merge of admission": ("seen/*.filter", 1, 12, ANY),  # only merges write filters
    "history": ("view/history/*", 1, 60, ANY),
    "merge of history": ("view/history/*:remove", 1, 12, ANY),  # what was merged goes
    "retention": ("log/archive/data/*.cairn:remove", 1, 3, ANY),
}


class Load(threading.Thread):
    """One writer: posts batches and remembers which were acknowledged."""

    def __init__(self, endpoint, token, batch, marker, seed):
        super().__init__()
        self.endpoint, self.token, self.batch, self.marker = endpoint, token, batch, marker
        self.random = random.Random(seed)
        self.acknowledged, self.sent = [], []
        self.stopping = False

    def records(self, ids):
        """One record for each id, and as many of a class that retention takes away."""
        for i in ids:
            pad = "x" * self.random.randrange(400)
            yield json.dumps(record(i, user=self.marker, pad=pad))
            yield json.dumps(record(str(uuid.UUID(int=self.random.getrandbits(128), version=4)), name="GetObject", user="passer-by", pad=pad,
                                    eventCategory="Data"))

    def run(self):
        while not self.stopping:
            ids = [str(uuid.UUID(int=self.random.getrandbits(128), version=4)) for _ in range(self.batch)]
            body = "\n".join(self.records(ids)).encode()
            self.sent += ids
            request = urllib.request.Request(self.endpoint + "/ingest", body, {"Authorization": "Bearer " + self.token})
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    receipt = json.loads(answer.read())
                assert receipt["stored"] == 2 * len(ids), receipt
                self.acknowledged += ids
            except OSError:
                return


def found_ids(node, marker):
    """Every event of one round, as often as it is answered."""
    found = collections.Counter()
    cursor = None
    while True:
        arguments = ["lookup", f"user={marker}", "--limit", "1000", "--output", "page"]
        page = json.loads(node.cairn(*arguments, *(["--cursor", cursor] if cursor else [])))
        found.update(event["eventID"] for event in page["events"])
        cursor = page.get("cursor")
        if not cursor:
            return found


def start_until_it_lives(node, plan):
    """Starts the node; with a plan that may kill it while it recovers, starts again without."""
    node.arguments = SETTINGS
    node.extra_environment = {"CAIRN_TEST_KILL": plan} if plan else {}
    try:
        node.start()
        return True
    except AssertionError:
        assert plan and node.process.returncode == -9, node.text()[-3000:]
        return False


def one_round(node, token, number, kind, draw, hits):
    plan, batches = None, ANY
    if kind in PLACES:
        pattern, least, most, batches = PLACES[kind]
        plan = f"{draw.randint(least, most)}:{pattern}"
    elif kind == "recovery":
        plan = f"{draw.randint(1, 8)}:*"
    alive = start_until_it_lives(node, plan)
    if not alive:
        hits["recovery"] += 1
        start_until_it_lives(node, None)
    marker = f"round-{number}"
    writers = [Load(node.endpoint, token, batch, marker, draw.random()) for batch in batches]
    for writer in writers:
        writer.start()
    try:
        node.process.wait(timeout=draw.uniform(0.3, 1.5) if kind in ("outside", "recovery") or not alive else 20)
        hits["just after a start" if kind == "recovery" else kind] += 1
    except subprocess.TimeoutExpired:
        node.kill()
        hits["outside"] += 1
    for writer in writers:
        writer.stopping = True
        writer.join()
    assert node.process.returncode == -9, node.text()[-3000:]

    start_until_it_lives(node, None)
    found = found_ids(node, marker)
    acknowledged = {i for writer in writers for i in writer.acknowledged}
    sent = {i for writer in writers for i in writer.sent}
    assert not (acknowledged - set(found)), f"round {number} ({kind}, {plan}): {len(acknowledged - set(found))} acknowledged events are missing"
    assert set(found) <= sent, "events nobody sent"
    doubled = [i for i, times in found.items() if times > 1]
    assert not doubled, f"round {number} ({kind}, {plan}): {len(doubled)} events are doubled"
    print(f"round {number}: {kind} {plan or ''} acknowledged {len(acknowledged)}, found {len(found)}, sent {len(sent)}", flush=True)
    node.kill() if draw.random() < 0.5 else node.stop()
    return len(acknowledged)


EVERY = [*PLACES, "outside", "recovery"]


def kinds(rounds, draw):
    """Every kind as often as the others, in a drawn order."""
    drawn = [kind for _ in range(-(-rounds // len(EVERY))) for kind in draw.sample(EVERY, len(EVERY))]
    return drawn[:rounds]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    draw = random.Random(options.seed)
    hits = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        node = Node(folder)
        made = subprocess.run([BINARY, "keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data], env=clean_environment(),
                              capture_output=True, text=True, check=True)
        token = json.loads(made.stdout)["secret"]
        acknowledged = sum(one_round(node, token, number, kind, draw, hits) for number, kind in enumerate(kinds(options.rounds, draw)))
        checked = subprocess.run([BINARY, "check", "--data", node.data], env=clean_environment(), capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    print(f"{options.rounds} rounds, {acknowledged} acknowledged events, all found exactly once; hits: {dict(hits)}")
    missed = [kind for kind in EVERY if not hits[kind]]
    assert options.rounds < 4 * len(EVERY) or not missed, f"never hit: {missed}"


if __name__ == "__main__":
    main()
