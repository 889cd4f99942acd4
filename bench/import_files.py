"""Import of CloudTrail log files into a new data directory, the same files again, and gunzip of them alone: MB of JSON a second of CPU and of the clock."""

import argparse
import gzip
import itertools
import json
import pathlib
import resource
import subprocess
import time

RECORDS_IN_A_FILE = 5_000


def write_files(data, events, folder):
    """Log files as a trail writes them; returns how many and the bytes of their JSON."""
    files = raw = 0
    with open(data, "rb") as records:
        while batch := list(itertools.islice(records, min(RECORDS_IN_A_FILE, events - files * RECORDS_IN_A_FILE))):
            text = b'{"Records":[' + b",".join(line.rstrip(b"\n") for line in batch) + b"]}"
            (folder / f"123456789012_CloudTrail_us-east-1_20261128T0000Z_{files:016}.json.gz").write_bytes(gzip.compress(text, 6))
            files, raw = files + 1, raw + len(text)
    return files, raw


def timed(command, **options):
    """Standard output and error of a command, its CPU seconds and those of the clock."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=True, **options)
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout + done.stderr, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    options = parser.parse_args()
    folder = options.work / "AWSLogs/123456789012/CloudTrail/us-east-1/2026/11/28"
    folder.mkdir(parents=True)
    files, raw = write_files(options.data, options.events, folder)
    packed = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{files} files, {options.events} records, {raw / 1e6:.0f} MB of JSON, {packed / 1e6:.0f} MB with gzip")

    def show(name, cpu, seconds, bound=None):
        beside = f"   {bound / cpu:.2f} of gunzip's rate" if bound else ""
        print(f"  {name:<28} {raw / 1e6 / cpu:7.0f} MB/s of CPU {raw / 1e6 / seconds:7.0f} MB/s of the clock {cpu / options.events * 1e6:6.2f} us/record{beside}")

    gunzip = timed(["sh", "-c", f"cat '{folder}'/*.json.gz | gzip -dc > /dev/null"])
    show("gunzip alone", gunzip[1], gunzip[2])
    command = [options.binary, "import", "--data", options.work / "data", "--no-state", "--json", options.work / "AWSLogs"]
    for name, kind in (("import, new", "stored"), ("import, all stored before", "duplicate")):
        out, cpu, seconds = timed(command)
        counts = json.loads(next(line for line in out.decode().splitlines() if line.startswith("{")))
        if counts[kind] != options.events:
            raise AssertionError(f"of {options.events} records: {counts}")
        show(name, cpu, seconds, gunzip[1])


if __name__ == "__main__":
    main()
