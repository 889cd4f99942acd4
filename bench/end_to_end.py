"""A running node against peers on the same bytes in the same run: durable per request, all attributes searchable.

Measures the parts named (all by default), keeps each one's figures in RESULTS, and prints what is there as ratios. A part that is there already is measured
again only when it is named; so a long run can be done in pieces."""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import dataset
import report

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent / "build"
PEER_PYTHON = BUILD / "bench/venv/bin/python"
TANTIVY = BUILD / "bench/tantivy/release/peer_tantivy"
PARTS = ["cairn", "disk", "tantivy", "clickhouse", "postgres", "sqlite", "kafka", "text"]
PROBES, COLD_PROBES = 200, 20
WARM_EVENTS_MAX = 100_000  # the dictionary is learned from these
HIGH_ENTROPY_EVENTS = 200_000


class NotMeasured(Exception):
    pass


class Run:
    """What all parts share: the options, the data, and the values that are looked up."""

    def __init__(self, options):
        self.options = options
        self.events, self.raw_bytes = dataset.size(options.data, options.events)
        self.peer_events = min(self.events, options.peer_events)
        self.rows, self.probes_path = options.work / "rows.ndjson", options.work / "probes.json"
        dataset.write_rows(BUILD / "release/bench/bench_rows", options.data, self.events, self.rows)
        self.probes = dataset.draw_probes(self.rows, self.peer_events, PROBES)
        self.probes_path.write_text(json.dumps(self.probes))

    def folder(self, name):
        folder = self.options.work / name
        folder.mkdir()
        return folder


def stored_bytes(run, served, data, settings=()):
    """Bytes of an event in a node of its own, beside `zstd -3` of the same file."""
    events, raw = dataset.size(data, run.options.events)
    with served.Served(run.options.binary, run.folder(data.stem), settings=settings) as node:
        first = min(events // 2, WARM_EVENTS_MAX)
        totals, _, _ = node.ingest(dataset.batches(data, 0, first))
        node.settle()
        before = (first, node.log_bytes())
        more, _, _ = node.ingest(dataset.batches(data, first, events - first))
        node.settle()
        found = node.bytes(events, before)
    return {"events": events, "accepted": totals["stored"] + more["stored"], "raw": raw / events, "zstd": zstd_bytes(data, events) / events, **found}


def zstd_bytes(path, events):
    command = f"head -n {events} '{path}' | zstd -3 -q -c | wc -c"
    return int(subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout)


def measure_ingest(run, node):
    warm = min(run.events // 10, WARM_EVENTS_MAX)
    totals, _, _ = node.ingest(dataset.batches(run.options.data, 0, warm))
    node.settle()
    before = (warm, node.log_bytes())
    import served
    with node.watched_memory() as memory:
        cpu = served.cpu_seconds(node.pid)
        more, seconds, times = node.ingest(dataset.batches(run.options.data, warm, run.events - warm))
        node.settle()
        cpu = served.cpu_seconds(node.pid) - cpu
    stored = totals["stored"] + more["stored"]
    again, again_seconds, _ = node.ingest(dataset.batches(run.options.data, 0, warm))
    if stored != run.events or again["duplicate"] != warm:
        raise AssertionError(f"of {run.events} events {stored} were stored, and {again} when {warm} of them came again")
    return {"durable_events": run.events - warm, "seconds": seconds, "cpu_seconds": cpu, "request_ms": [t * 1e3 for t in times], "rows": stored,
            "bytes_by_kind": node.bytes(run.events, before), "memory_mb": memory[0], "again_per_second": warm / again_seconds}


def cold_lookups(run, node):
    try:
        return node.look_up_cold({key: values[:COLD_PROBES] for key, values in run.probes.items()})
    except OSError as error:
        return f"not measured: caches can not be dropped: {error}"


def measure_cairn(run):
    import served
    accounts = sorted({probe[0] for values in run.probes.values() for probe in values})
    with served.Served(run.options.binary, run.folder("cairn"), accounts) as node:
        answer = measure_ingest(run, node)
        answer["lookups"] = node.look_up_all(run.probes)
        answer["scans"] = [node.scan(text) for text in ("no-such-text-anywhere", "qqzzqq")]
        answer["cold"] = cold_lookups(run, node)
    answer["bytes"] = (answer["bytes_by_kind"]["log"] + answer["bytes_by_kind"]["index"]) * run.events
    return answer


def measure_disk(run):
    """Bytes on disk of data that is less alike than the data of the run."""
    import served
    answer = {}
    high_entropy = run.options.work / "high-entropy.ndjson"
    dataset.write_high_entropy(run.options.data, min(run.events, HIGH_ENTROPY_EVENTS), high_entropy)
    answer["high-entropy"] = stored_bytes(run, served, high_entropy)
    if run.options.real and run.options.real.is_file():
        real = run.options.work / "real.ndjson"
        dataset.unpack_real(run.options.real, real)
        answer["real"] = stored_bytes(run, served, real)
    else:
        answer["real"] = "not measured: BENCH_REAL names no file of real records"
    return answer


def run_peer(run, name, command, needed):
    if not pathlib.Path(needed).exists():
        raise NotMeasured(f"{needed} is missing; ./dev setup bench")
    folder = run.folder(name)
    arguments = [run.options.data, run.rows, run.probes_path, folder, str(run.peer_events), str(run.options.durable_events)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True)
    shutil.rmtree(folder)
    if done.returncode != 0:
        raise NotMeasured((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    answer = json.loads(done.stdout.splitlines()[-1])
    if answer["rows"] != run.peer_events:
        raise NotMeasured(f"it holds {answer['rows']} of {run.peer_events} events after loading")
    return answer


def measure_tantivy(run):
    return run_peer(run, "tantivy", [TANTIVY], TANTIVY)


def measure_clickhouse(run):
    return run_peer(run, "clickhouse", [PEER_PYTHON, HERE / "peers/clickhouse_peer.py"], PEER_PYTHON)


def measure_postgres(run):
    if not pathlib.Path("/usr/lib/postgresql/15/bin/postgres").exists():
        raise NotMeasured("postgresql-15 is not installed; ./dev setup bench")
    return run_peer(run, "postgres", [PEER_PYTHON, HERE / "peers/postgres_peer.py"], PEER_PYTHON)


def measure_sqlite(run):
    return run_peer(run, "sqlite", [sys.executable, HERE / "peers/sqlite_peer.py"], sys.executable)


def measure_kafka(_):
    raise NotMeasured("it needs a Java runtime and a broker, which the set-up does not bring")


def measure_text(run):
    """zstd -3 of the records, and how fast a text is sought in that."""
    packed = run.options.work / "records.zst"
    subprocess.run(f"head -n {run.peer_events} '{run.options.data}' | zstd -3 -q -o '{packed}'", shell=True, check=True)
    raw = dataset.size(run.options.data, run.peer_events)[1]
    before, begin = os.times(), time.perf_counter()
    found = subprocess.run(f"zstdcat '{packed}' | grep -c -F no-such-text-anywhere", shell=True, capture_output=True, text=True).stdout
    seconds, after = time.perf_counter() - begin, os.times()
    if found.strip() != "0":
        raise AssertionError("an absent text was found")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"rows": run.peer_events, "bytes": packed.stat().st_size, "scan_seconds": seconds, "scan_cpu_seconds": [cpu], "raw_bytes": raw}


def measure_part(run, name, results):
    print(f"-- measuring {name}", flush=True)
    begin = time.monotonic()
    try:
        answer = globals()["measure_" + name](run)
    except NotMeasured as reason:
        answer = {"not_measured": str(reason)}
    answer |= {"events": run.events if name == "cairn" else run.peer_events, "raw": run.raw_bytes / run.events}
    (results / f"{name}.json").write_text(json.dumps(answer))
    print(f"-- {name} took {time.monotonic() - begin:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; or report: nothing but the table")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--real", type=pathlib.Path, help="real records, NDJSON, perhaps with gzip")
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--peer-events", type=int, default=1_000_000, help="the most that each peer stores")
    parser.add_argument("--durable-events", type=int, default=100_000, help="how many of them in commits of 1,000, which are timed")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--results", type=pathlib.Path, help="where figures are kept; default: in WORK")
    options = parser.parse_args()
    results = options.results or options.work / "results"
    for folder in (options.work, results):
        folder.mkdir(parents=True, exist_ok=True)
    parts = options.parts or PARTS
    if unknown := set(parts) - {*PARTS, "report"}:
        parser.error("unknown: " + ", ".join(sorted(unknown)))

    if parts != ["report"]:
        run = Run(options)
        for name in parts:
            if name != "report":
                measure_part(run, name, results)
    report.show({name: json.loads((results / f"{name}.json").read_text()) for name in PARTS if (results / f"{name}.json").exists()})


if __name__ == "__main__":
    main()
