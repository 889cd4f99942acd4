"""A running node under load, against peers on the same bytes in the same run: durable per request, all indexes live.

Prints events a second, CPU an event, bytes on disk, memory, and lookup times; and for each peer the ratio."""

import argparse
import http.client
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))

ATTRIBUTES = ["EventId", "EventName", "EventSource", "Username", "AccessKeyId", "ReadOnly"]


def read_batches(path, events, size):
    batches, batch = [], []
    with open(path, "rb") as lines:
        for number, line in enumerate(lines):
            if number >= events:
                break
            batch.append(line)
            if len(batch) == size:
                batches.append(b"".join(batch))
                batch = []
    return batches


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def anonymous_mb(pid):
    return next(int(line.split()[1]) / 1000 for line in open(f"/proc/{pid}/status") if line.startswith("RssAnon"))


def folder_bytes(folder):
    return sum(p.stat().st_blocks * 512 for p in pathlib.Path(folder).rglob("*") if p.is_file())


def post_all(endpoint, token, batches, connections):
    """Seconds for all, and each request's seconds."""
    lock, rest, times = threading.Lock(), iter(batches), []

    def work():
        connection = http.client.HTTPConnection(endpoint.split("//")[1])
        while True:
            with lock:
                body = next(rest, None)
            if body is None:
                return
            begin = time.perf_counter()
            connection.request("POST", "/ingest", body, {"Authorization": "Bearer " + token})
            answer = connection.getresponse()
            receipt = json.loads(answer.read())
            assert answer.status == 200 and receipt["rejected"] == 0, receipt
            times.append(time.perf_counter() - begin)

    begin = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    return time.perf_counter() - begin, sorted(times)


def percentile(times, share):
    return times[min(len(times) - 1, int(len(times) * share))]


def probe_values(path, count):
    """Values drawn from the data, by attribute, each with its account and region."""
    draw, probes = random.Random(1), {key: [] for key in ATTRIBUTES}
    with open(path) as lines:
        for line in lines:
            if draw.random() > 0.01:
                continue
            record = json.loads(line)
            identity = record.get("userIdentity") or {}
            values = {"EventId": record.get("eventID"), "EventName": record["eventName"], "EventSource": record["eventSource"], "Username": identity.get("userName"),
                      "AccessKeyId": identity.get("accessKeyId"), "ReadOnly": None if record.get("readOnly") is None else str(record["readOnly"]).lower()}
            for key, value in values.items():
                if value and len(probes[key]) < count:
                    probes[key].append((record.get("recipientAccountId"), record["awsRegion"], value))
            if all(len(p) >= count for p in probes.values()):
                break
    return probes


def sqlite_peer(folder, batches):
    database = sqlite3.connect(folder / "peer.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    columns = ["eventID", "eventName", "eventSource", "userName", "accessKeyId", "readOnly", "resourceType", "resourceName"]
    database.execute(f"CREATE TABLE events (time TEXT, {', '.join(columns)}, raw TEXT)")
    for column in columns:
        database.execute(f"CREATE INDEX by_{column} ON events ({column}, time)")

    def row(line):
        record = json.loads(line)
        identity = record.get("userIdentity") or {}
        resource = (record.get("resources") or [{}])[0]
        return (record["eventTime"], record.get("eventID"), record["eventName"], record["eventSource"], identity.get("userName"), identity.get("accessKeyId"),
                record.get("readOnly"), resource.get("type"), resource.get("ARN"), line)

    rows = [[row(line) for line in batch.decode().splitlines()] for batch in batches]
    begin, cpu = time.perf_counter(), time.process_time()
    for batch in rows:
        database.execute("BEGIN")
        database.executemany(f"INSERT INTO events VALUES ({', '.join('?' * 10)})", batch)
        database.execute("COMMIT")
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    database.close()
    return len(rows) * len(rows[0]), seconds, cpu


def start(binary, folder):
    import node as nodes
    nodes.BINARY = str(binary)
    node = nodes.Node(folder)
    made = subprocess.run([binary, "keys", "create", "--ingest", "--json", "--write-account", "*", "--account", nodes.ACCOUNT, "--data", node.data],
                          env=nodes.clean_environment(), capture_output=True, text=True, check=True)
    return node.start(), json.loads(made.stdout)["secret"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--peer-events", type=int, default=100_000)
    options = parser.parse_args()

    node, token = start(options.binary, options.work / "node")
    batches = read_batches(options.data, options.events, 1000)
    count = 1000 * len(batches)
    warm = count // 10 // 1000
    post_all(node.endpoint, token, batches[:warm], 4)  # the dictionary is learned from these
    time.sleep(5)
    cpu = cpu_seconds(node.process.pid)
    seconds, times = post_all(node.endpoint, token, batches[warm:], 4)
    measured = count - 1000 * warm
    cpu = cpu_seconds(node.process.pid) - cpu
    print(f"cairn: {measured / seconds:,.0f} events/s with 1,000 a request on 4 connections, load generator on the same cores; "
          f"request p50 {percentile(times, .5) * 1e3:.1f} ms, p99 {percentile(times, .99) * 1e3:.1f} ms; {cpu / measured * 1e6:.2f} us of CPU an event, "
          f"background work included; {anonymous_mb(node.process.pid):.0f} MB anonymous memory")

    begin = time.perf_counter()
    _, times = post_all(node.endpoint, token, batches[warm:warm + 100], 4)
    print(f"cairn: the same again, all duplicates: {100_000 / (time.perf_counter() - begin):,.0f} events/s")

    time.sleep(5)
    probes = probe_values(options.data, 100)
    for key in ATTRIBUTES:
        times, fetched = [], 0
        connection = http.client.HTTPConnection(node.endpoint.split("//")[1])
        import botocore.auth, botocore.awsrequest, botocore.credentials
        signer = lambda region: botocore.auth.SigV4Auth(botocore.credentials.Credentials(node.key_id, node.secret), "cairn", region)
        for account, region, value in probes[key]:
            field = {"EventId": "eventID", "EventName": "eventName", "EventSource": "eventSource", "Username": "user", "AccessKeyId": "accessKey", "ReadOnly": "readOnly"}[key]
            body = json.dumps({"q": f'{field}="{value}"', "acct": account, "region": region, "limit": 50, "fields": ["record"]})
            request = botocore.awsrequest.AWSRequest("POST", node.endpoint + "/v1/search", data=body, headers={"Content-Type": "application/json"})
            signer("us-east-1").add_auth(request)
            begin = time.perf_counter()
            connection.request("POST", "/v1/search", body, dict(request.headers.items()))
            answer = json.loads(connection.getresponse().read())
            times.append(time.perf_counter() - begin)
            fetched += len(answer["events"])
        times.sort()
        print(f"cairn: newest 50 by {key:<12} p50 {percentile(times, .5) * 1e3:6.2f} ms, p99 {percentile(times, .99) * 1e3:6.2f} ms over HTTP, client included ({fetched} events)")

    node.stop()
    text = sum(len(b) for b in batches) / count
    zstd = len(subprocess.run(["zstd", "-3", "-q", "-c"], input=b"".join(batches[:200]), capture_output=True, check=True).stdout) / 200_000 if count >= 200_000 else None
    archive = folder_bytes(node.data / "log/archive") + folder_bytes(node.data / "view")
    tail = folder_bytes(node.data / "log/journal")
    print(f"cairn: {archive / count:.0f} bytes an event in archive and index, {folder_bytes(node.data / 'seen') / count:.0f} for admission, "
          f"journal files {tail / 1e6:.0f} MB; raw JSON {text:.0f}" + (f"; zstd -3 {zstd:.0f}, ratio {archive / count / zstd:.2f}" if zstd else ""))

    events, peer_seconds, peer_cpu = sqlite_peer(options.work, batches[:options.peer_events // 1000])
    print(f"SQLite (WAL, FULL, 8 indexes, parsing not counted): {events / peer_seconds:,.0f} events/s, {peer_cpu / events * 1e6:.1f} us of CPU an event; "
          f"cairn has {measured / seconds / (events / peer_seconds):.1f} times the rate, {peer_cpu / events / (cpu / measured):.1f} times the events a CPU second")
    shutil.rmtree(options.work)


if __name__ == "__main__":
    main()
