"""A node says how it is, stops when asked, and goes on where it was."""

import http.client
import json
import os
import signal
import subprocess
import threading
import time
import urllib.request

from node import ACCOUNT, BINARY, Node, clean_environment, record


def get(node, path):
    return urllib.request.urlopen(node.endpoint + path).read().decode()


def metric(node, name):
    return sum(float(line.rsplit(" ", 1)[1]) for line in get(node, "/metrics").splitlines() if line.startswith(name))


def test_health_and_numbers_that_add_up(node):
    assert "ok" in get(node, "/healthz").lower() or get(node, "/healthz") is not None
    assert "ready" in get(node, "/readyz").lower()
    one = record("a" * 8 + "-0000-4000-8000-000000000000")
    node.import_records([one])
    node.import_records([one])
    text = get(node, "/metrics")
    assert 'cairn_ingest_records_total{outcome="duplicate"} 1' in text, text
    assert metric(node, 'cairn_ingest_records_total{outcome="stored"}') >= 1


def test_the_second_process_is_told_who_holds_the_directory(node):
    done = subprocess.run([BINARY, "serve", "--data", node.data, "--listen", "127.0.0.1:0"], env=clean_environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert str(node.process.pid) in done.stderr and str(node.data) in done.stderr


def test_a_stop_under_load_loses_nothing(node):
    made = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))
    acknowledged, stopping = [], threading.Event()

    def write(worker):
        connection = http.client.HTTPConnection(node.endpoint.split("//")[1])
        for i in range(100_000):
            event_id = f"{worker:08d}-0000-4000-8000-{i:012d}"
            try:
                connection.request("POST", "/ingest", json.dumps(record(event_id)), {"Authorization": "Bearer " + made["secret"]})
                answer = connection.getresponse()
                answer.read()
            except OSError:
                return
            except http.client.HTTPException:
                return
            if answer.status == 200:
                acknowledged.append(event_id)
            if stopping.is_set() and answer.status != 200:
                return

    writers = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    [w.start() for w in writers]
    while len(acknowledged) < 200:
        time.sleep(0.01)
    node.process.send_signal(signal.SIGTERM)
    stopping.set()
    assert node.process.wait(timeout=30) == 0, node.text()
    [w.join() for w in writers]
    node.start()
    found, cursor = [], None
    while True:
        page = json.loads(node.cairn("lookup", "eventName=RunInstances", "--limit", "1000", "--output", "page", *(["--cursor", cursor] if cursor else [])))
        found += [e["eventID"] for e in page["events"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert len(found) == len(set(found))
    assert set(acknowledged) <= set(found)


def test_check_names_damage(node):
    node.import_records([record(f"{i:08d}-0000-4000-8000-000000000000", pad="x" * 500) for i in range(2000)])
    node.stop()
    check = lambda status: node.cairn("check", "--data", node.data, status=status)
    assert "0 findings" in check(0)
    journal = max((node.data / "log/journal").iterdir(), key=lambda p: p.read_bytes()[:1 << 20].count(0) * -1)
    content = bytearray(journal.read_bytes())
    content[20_000] ^= 0x40
    journal.write_bytes(content)
    said = check(3)
    assert "log/journal/" in said and "events" in said
    node.start()
    assert "ready" in get(node, "/readyz").lower()


def test_the_history_index_is_made_again(node):
    node.import_records([record(f"{i:08d}-0000-4000-8000-000000000000", user=f"user{i % 7}") for i in range(3000)])
    look = lambda: node.cairn("lookup", "user=user3", "--limit", "1000", "--output", "records")
    before = look()
    node.stop()
    subprocess.run(["rm", "-rf", node.data / "view", node.data / "seen"], check=True)
    node.start()
    assert look() == before
    again = node.import_records([record(f"{i:08d}-0000-4000-8000-000000000000", user=f"user{i % 7}") for i in range(3000)])
    assert again["duplicate"] == 3000


def test_wait_and_tail_see_new_events(node):
    waiting = subprocess.Popen([BINARY, "wait", "eventName=TheOne", "--timeout", "60", "--since", "2026-01-01", "--json"], env=node.environment(), stdout=subprocess.PIPE, text=True)
    tailing = subprocess.Popen([BINARY, "tail", "eventName=TheOne", "--count", "1", "--json"], env=node.environment(), stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    number = 0
    while tailing.poll() is None or waiting.poll() is None:
        assert time.monotonic() < deadline
        node.import_records([record(f"{number:08d}-0000-4000-8000-000000000000", name="TheOne")])
        number += 1
        time.sleep(0.2)
    assert json.loads(waiting.stdout.read())["eventName"] == "TheOne"
    assert json.loads(tailing.stdout.readline())["eventName"] == "TheOne"
    node.cairn("wait", "eventName=Never", "--timeout", "1", status=3)


def test_a_spent_disk_budget_refuses_and_keeps(start):
    node = start(config='[storage]\ndisk_budget = "12MB"\njournal_file_bytes = "1MiB"\ndictionary_bytes = 0\n')
    made = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))
    acknowledged, status = [], 200
    for i in range(2000):
        event_id = f"{i:08d}-0000-4000-8000-000000000000"
        body = json.dumps(record(event_id, pad=os.urandom(40_000).hex()))
        connection = http.client.HTTPConnection(node.endpoint.split("//")[1])
        connection.request("POST", "/ingest", body, {"Authorization": "Bearer " + made["secret"]})
        answer = connection.getresponse()
        status, text = answer.status, answer.read().decode()
        if status != 200:
            break
        acknowledged.append(event_id)
    assert status in (429, 503, 507) and "budget" in text, (status, text)
    assert acknowledged
    page = json.loads(node.cairn("lookup", "eventName=RunInstances", "--limit", "1000", "--output", "page"))
    assert {e["eventID"] for e in page["events"]} == set(acknowledged)


def test_retention_lets_files_go_but_those_under_a_hold(start):
    node = start(config='[storage]\narchive_file_bytes = "64KiB"\njournal_file_bytes = "64KiB"\ndictionary_bytes = 0\n[retention]\nmanagement = "2s"\n'
                        '[[holds]]\nname = "case 4711"\nuser = "held"\n')
    assert metric(node, "cairn_holds ") == 1

    def put(user, first):
        made = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))
        for i in range(first, first + 40):
            body = json.dumps(record(f"{i:08d}-0000-4000-8000-000000000000", user=user, pad=os.urandom(5_000).hex()))
            request = urllib.request.Request(node.endpoint + "/ingest", body.encode(), {"Authorization": "Bearer " + made["secret"]})
            assert json.loads(urllib.request.urlopen(request).read())["stored"] == 1

    def count(user):
        return len(json.loads(node.cairn("lookup", f"user={user}", "--limit", "1000", "--output", "page"))["events"])

    def wait_until(what):
        deadline = time.monotonic() + 60
        while not what():
            assert time.monotonic() < deadline, node.text()[-3000:]
            time.sleep(0.2)

    put("held", 0)
    put("other", 100)
    wait_until(lambda: count("other") < 30)  # but for what is still in the journal or the open file
    wait_until(lambda: metric(node, "cairn_held_files ") >= 3)
    assert count("held") == 40
    node.config.write_text(node.config.read_text().replace("[[holds]]", "[[holds]]\nto = 3"))
    node.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "the configuration stays as it was" in node.text())
    assert metric(node, "cairn_holds ") == 1
    text = node.config.read_text()
    node.config.write_text(text[:text.index("[[holds]]")] + text[text.index("[[accounts]]"):])
    node.process.send_signal(signal.SIGHUP)
    wait_until(lambda: metric(node, "cairn_holds ") == 0)
    wait_until(lambda: count("held") == 0)
