"""cairn's side: a node of its own, loaded over POST /ingest, asked over LookupEvents and /v1/search."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))

import botocore.auth
import botocore.awsrequest
import botocore.credentials

import node as nodes

TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"
FOUND_MAX = 50
HEAD_EVENTS = 65_536  # the newest events of history are in memory until there are so many
READER = '''[[accounts.user]]
name = "bench-reader"
policies = ['{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "*", "Resource": "*"}}]}}']
[[accounts.user.key]]
id = "{key}"
secret = "{secret}"
'''


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def anonymous_mb(pid):
    return next(int(line.split()[1]) / 1000 for line in open(f"/proc/{pid}/status") if line.startswith("RssAnon"))


def folder_bytes(folder):
    return sum(path.stat().st_blocks * 512 for path in pathlib.Path(folder).rglob("*") if path.is_file())


def drop_caches():
    """Nothing of any file stays in memory, but what a running process has mapped and touched."""
    os.sync()
    pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")


def reader_key(account):
    return "AKIABENCH" + account[-11:]


class Served:
    """A node with one reader in each of `accounts`. A context manager: stopped and gone at the end."""

    def __init__(self, binary, folder, accounts=(), settings=()):
        nodes.BINARY = str(binary)
        config = "".join(f'[[accounts]]\nid = "{account}"\n' + READER.format(key=reader_key(account), secret=nodes.SECRET)
                         for account in accounts if account != nodes.ACCOUNT)
        self.node = nodes.Node(folder, config=config, arguments=[word for setting in settings for word in ("--set", setting)])
        made = subprocess.run([binary, "keys", "create", "--ingest", "--json", "--write-account", "*", "--account", nodes.ACCOUNT, "--data", self.node.data],
                              env=nodes.clean_environment(), capture_output=True, text=True, check=True)
        self.token = json.loads(made.stdout)["secret"]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.node.stop()

    def start(self):
        self.node.start()
        self.host = self.node.endpoint.split("//")[1]
        self.connect()

    @property
    def pid(self):
        return self.node.process.pid

    def connect(self):
        """A connection that has not been idle for so long that the node has closed it."""
        self.connection = http.client.HTTPConnection(self.host)

    def metrics(self, *names):
        connection = http.client.HTTPConnection(self.host)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        found = [re.search("^" + re.escape(name) + r" (\S+)$", text, re.MULTILINE) for name in names]
        return [float(match[1]) if match else 0.0 for match in found]

    def metric(self, name):
        return self.metrics(name)[0]

    def ingest(self, batches, connections=4):
        """Receipts added up, the seconds for all, and those of each request, sorted."""
        lock, rest, times, totals = threading.Lock(), iter(batches), [], {}

        def work():
            connection = http.client.HTTPConnection(self.host)
            while True:
                with lock:
                    body = next(rest, None)
                if body is None:
                    return
                begin = time.perf_counter()
                connection.request("POST", "/ingest", body, {"Authorization": "Bearer " + self.token})
                answer = connection.getresponse()
                receipt = json.loads(answer.read())
                taken = time.perf_counter() - begin
                assert answer.status == 200, receipt
                with lock:
                    times.append(taken)
                    for name in ("stored", "duplicate", "conflict", "rejected"):
                        totals[name] = totals.get(name, 0) + receipt[name]

        begin = time.perf_counter()
        threads = [threading.Thread(target=work) for _ in range(connections)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        return totals, time.perf_counter() - begin, sorted(times)

    @contextlib.contextmanager
    def watched_memory(self):
        """Gives a list whose last element becomes the largest anonymous memory, in MB."""
        peak, done = [0.0], threading.Event()

        def watch():
            while not done.wait(0.1):
                peak[0] = max(peak[0], anonymous_mb(self.pid))

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield peak
        finally:
            done.set()
            thread.join()

    def settle(self, seconds_max=120):
        """Waits until merging and sealing are quiet."""
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            before = cpu_seconds(self.pid)
            time.sleep(1)
            if cpu_seconds(self.pid) - before < 0.05:
                return

    def signed(self, account, region, service, path, body, headers):
        key = nodes.KEY_ID if account == nodes.ACCOUNT else reader_key(account)
        request = botocore.awsrequest.AWSRequest("POST", self.node.endpoint + path, data=body, headers=headers)
        botocore.auth.SigV4Auth(botocore.credentials.Credentials(key, nodes.SECRET), service, region).add_auth(request)
        return dict(request.headers.items())

    def look_up(self, key, probe, just_before=lambda: None):
        """Milliseconds of one lookup by what they cover, and how many events were found: `ms` from the parsed request to the built answer, `call_ms` the server's
        whole call with the caller's signature, the wait for a thread and the record of the call, `over_http_ms`, and `client_ms` of the client's CPU."""
        account, region, value = probe
        body = json.dumps({"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}], "MaxResults": FOUND_MAX})
        headers = self.signed(account, region, "cloudtrail", "/", body, {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": TARGET})
        sums_of_times = "cairn_lookup_seconds_sum", 'cairn_api_call_seconds_sum{operation="LookupEvents"}'
        before = self.metrics(*sums_of_times)
        just_before()
        begin, cpu = time.perf_counter(), time.thread_time()
        self.connection.request("POST", "/", body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        taken, cpu = time.perf_counter() - begin, time.thread_time() - cpu
        assert answer.status == 200, text[:500]
        inside, call = (after - earlier for after, earlier in zip(self.metrics(*sums_of_times), before))
        return {"ms": inside * 1e3, "call_ms": call * 1e3, "over_http_ms": taken * 1e3, "client_ms": cpu * 1e3, "found": len(json.loads(text)["Events"])}

    def look_up_all(self, probes):
        """As the peers: every probe once to warm, then once for its time."""
        answer = {}
        self.connect()
        for key, values in probes.items():
            for probe in values:
                self.look_up(key, probe)
            times = [self.look_up(key, probe) for probe in values]
            answer[key] = {name: [each[name] for each in times] for name in times[0]}
        return answer

    def look_up_cold(self, probes):
        """Milliseconds from the parsed request to the built answer by key. Error: OSError when the system does not let us drop its caches."""
        answer = {}
        for key, values in probes.items():
            self.node.stop()
            drop_caches()
            self.start()
            answer[key] = [self.look_up(key, probe, drop_caches)["ms"] for probe in values]
        return answer

    def scan(self, text):
        """Records read and CPU seconds of the server to find that `text` is nowhere."""
        self.connect()
        begin, scanned, cursor = cpu_seconds(self.pid), 0, None
        while True:
            body = json.dumps({"q": f'"{text}"', "limit": FOUND_MAX, **({"cursor": cursor} if cursor else {})})
            headers = self.signed(nodes.ACCOUNT, "us-east-1", "cairn", "/v1/search", body, {"Content-Type": "application/json"})
            self.connection.request("POST", "/v1/search", body, headers)
            answer = json.loads(self.connection.getresponse().read())
            assert not answer["events"], answer["events"]
            scanned += answer["scanned"]["events"]
            cursor = answer.get("cursor")
            if not cursor:
                return scanned, cpu_seconds(self.pid) - begin

    def log_bytes(self):
        """Archive, what waits for it, and dictionaries."""
        return self.metric("cairn_log_archive_bytes") + self.metric("cairn_log_unsealed_bytes") + folder_bytes(self.node.data / "log/dictionaries")

    def bytes(self, events, before):
        """Bytes on disk of an event, by what they are for. `before` is (events, log_bytes()) when the dictionary had been learned: what came after is apart."""
        in_files = max(events // HEAD_EVENTS * HEAD_EVENTS, min(events, HEAD_EVENTS))
        log = self.log_bytes()
        return {"log": log / events, "log_after": (log - before[1]) / (events - before[0]), "index": folder_bytes(self.node.data / "view") / in_files,
                "admission": folder_bytes(self.node.data / "seen") / events}
