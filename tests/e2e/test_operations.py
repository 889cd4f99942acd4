"""A node says how it is, stops when asked, and goes on where it was."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request

import pytest

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


def test_a_directory_that_can_not_be_written_is_checked(node):
    node.import_records([record(f"{i:08d}-0000-4000-8000-000000000000") for i in range(100)])
    node.stop()
    with tempfile.TemporaryDirectory() as folder:  # open to a user without rights, as pytest's folders are not
        folder = pathlib.Path(folder)
        shutil.copytree(node.data, folder / "data", symlinks=True)
        binary = shutil.copy(BINARY, folder / "cairn")
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o555 if path.is_dir() or path.name == "cairn" else 0o444)
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
        before = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in (folder / "data").rglob("*")}
        check = lambda: subprocess.run([binary, "check", "--data", folder / "data"], capture_output=True, text=True, timeout=60, **nobody)
        done = check()
        assert done.returncode == 0 and "100 events" in done.stdout and "0 findings" in done.stdout, done
        assert {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in (folder / "data").rglob("*")} == before
        (folder / "data/meta.sqlite").chmod(0o644)
        (folder / "data/meta.sqlite").write_bytes(b"no database")
        (folder / "data/meta.sqlite").chmod(0o444)
        done = check()
        assert done.returncode == 3 and "damaged: meta.sqlite" in done.stdout, done
        for path in folder.rglob("*"):
            if path.is_dir():
                path.chmod(0o755)


def test_the_master_key_is_watched(start):
    node = start(accounts=False)
    shown = node.text()
    key_id, secret = (shown.split(f"{name}=")[1].split("\n")[0] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    key = node.data / "master.key"
    node.stop()
    key.chmod(0o644)
    node.start()
    assert key.stat().st_mode & 0o777 == 0o600 and "a key file could be read by others" in node.text()
    node.client(key_id=key_id, secret=secret).lookup_events()
    node.stop()
    key.rename(node.folder / "kept.key")
    node.start()
    assert "the master key was gone and is made anew" in node.text()
    node.stop()
    (node.folder / "kept.key").rename(key)
    node.start()
    node.client(key_id=key_id, secret=secret).lookup_events()
    node.stop()
    right = key.read_bytes()
    key.write_bytes(right[::-1])
    assert "damaged: master.key" in node.cairn("check", "--data", node.data, status=3)
    refused = node.start(expect_ready=False)
    assert refused.process.wait(timeout=30) == 1
    assert "master.key is not the key that the secrets in meta.sqlite are sealed with" in node.text()
    key.write_bytes(right)
    assert "0 findings" in node.cairn("check", "--data", node.data)
    node.start()
    node.client(key_id=key_id, secret=secret).lookup_events()


def test_a_lost_meta_store_is_named(node):
    node.import_records([record(f"{i:08d}-0000-4000-8000-000000000000") for i in range(100)])
    said = "meta.sqlite was gone beside a log and is made anew"
    node.restart()
    assert said not in node.text()
    node.stop()
    for path in node.data.glob("meta.sqlite*"):
        path.unlink()
    assert "damaged: meta.sqlite" in node.cairn("check", "--data", node.data, status=3)
    node.start()
    assert said in node.text()
    assert len(node.client().lookup_events(MaxResults=50)["Events"]) == 50


def test_a_folder_in_the_place_of_a_file_is_damage(start):
    node = start(config="history.head_events = 64\nstorage.identity_table = 255")
    node.import_records([record(f"{i:08d}-0000-4000-8000-000000000000") for i in range(600)])
    node.stop()
    for folder in ("log/journal", "seen", "view/history"):
        place = next(p for p in sorted((node.data / folder).iterdir()) if p.is_file())
        kept = node.folder / "kept"
        place.rename(kept)
        place.mkdir()
        found = node.cairn("check", "--data", node.data, status=3)
        assert f"{place.relative_to(node.data)} is a folder, where a file should be" in found, found
        place.rmdir()
        kept.rename(place)
    place = next((node.data / "log/journal").iterdir())
    place.rename(node.folder / "kept")
    place.mkdir()
    assert node.start(expect_ready=False).process.wait(timeout=30) == 1
    assert f"{place} is a folder, where a file should be" in node.text()


def test_a_variable_that_names_no_setting_is_named(start):
    node = start()
    node.stop()
    assert "name no setting" not in node.text()
    node.extra_environment = {"CAIRN_LISTN": "127.0.0.1:1", "CAIRN_LOG_LEVEL": "info"}
    node.start()
    assert "environment variables that name no setting are ignored" in node.text() and "CAIRN_LISTN" in node.text()


def test_what_is_stored_is_known_under_another_fingerprint_key(node):
    records = [record(f"{i:08d}-0000-4000-8000-000000000000", name=f"Call{i}") for i in range(300)]
    records.append({key: value for key, value in record("", name="WithoutId").items() if key != "eventID"})
    assert node.import_records(records)["stored"] == len(records)
    key = node.data / "fingerprint.key"
    more = 0
    for damage in (lambda: key.write_bytes(key.read_bytes()[::-1]), key.unlink):
        node.stop()
        assert "0 findings" in node.cairn("check", "--data", node.data)
        damage()
        assert "fingerprint.key" in node.cairn("check", "--data", node.data, status=3)
        node.start()
        assert node.text().count("fingerprint.key is not the key that the log was written with") == more + 1
        assert node.import_records(records)["duplicate"] == len(records)
        changed = record(records[0]["eventID"], name=f"Changed{more}")
        path = node.folder / "changed.ndjson"
        path.write_text(json.dumps(changed))
        assert json.loads(node.cairn("import", "--no-state", "--json", path, status=3))["conflict"] == 1
        more += 1
        records.append(changed)
        records.append(record(f"{more:08d}-0000-4000-9000-000000000000"))
        assert node.import_records(records[-1:])["stored"] == 1
        node.kill()
        node.start()
        assert node.import_records(records)["duplicate"] == len(records)


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


def fixed(node):
    """The node at the same address after every start."""
    node.stop()
    node.listen = node.endpoint.split("//")[1]
    return node.start()


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_wait_outlasts_a_restart(node, end):
    fixed(node)
    waiting = subprocess.Popen([BINARY, "wait", "eventName=Late", "--timeout", "60"], env=node.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1.5)
    getattr(node, end)()
    time.sleep(0.5)
    assert waiting.poll() is None
    node.start()
    node.import_records([record("00000000-0000-4000-8000-000000000001", name="Late", time=now())])
    out, said = waiting.communicate(timeout=20)
    assert waiting.returncode == 0 and " Late " in out and not said, (out, said)


def test_a_wait_begins_at_a_time_before(node):
    node.import_records([record("00000001-0000-4000-8000-000000000000", name="LongAgo")])
    for since in ("-90000d", "90000d", "2026-01-02"):
        assert "LongAgo" in node.cairn("wait", "eventName=LongAgo", "--since", since, "--timeout", "1")
    node.cairn("wait", "eventName=LongAgo", "--since", "5m", "--timeout", "0", status=3)


def test_a_wait_ends_when_its_time_is_over_and_not_before(node):
    fixed(node)
    begun = time.monotonic()
    waiting = subprocess.Popen([BINARY, "wait", "eventName=Never", "--timeout", "4"], env=node.environment(), stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    node.restart()
    assert waiting.wait(timeout=20) == 3 and waiting.stderr.read() == "no such event within 4 s\n"
    assert 4 <= time.monotonic() - begun < 9


def test_a_tail_shows_every_event_of_a_burst(node):
    tail = subprocess.Popen([BINARY, "tail", "eventSource=ec2.amazonaws.com", "--json", "--count", "12000"], env=node.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    ids = [f"00000000-0000-4000-8000-{i:012d}" for i in range(12000)]
    assert node.import_records([record(i) for i in ids])["stored"] == len(ids)
    out, said = tail.communicate(timeout=60)
    assert sorted(json.loads(line)["eventID"] for line in out.splitlines()) == ids and not said


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_tail_goes_on_after_a_restart(node, end):
    fixed(node)
    tail = subprocess.Popen([BINARY, "tail", "eventSource=ec2.amazonaws.com", "--json", "--count", "4"], env=node.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    add = lambda i: node.import_records([record(f"00000000-0000-4000-8000-{i:012d}", name=f"Name{i}")])
    add(1)
    time.sleep(0.5)  # shown
    getattr(node, end)()
    time.sleep(0.3)
    node.start()
    for i in (2, 3, 4):
        add(i)
    out, said = tail.communicate(timeout=20)
    assert [json.loads(line)["eventName"] for line in out.splitlines()] == ["Name1", "Name2", "Name3", "Name4"], (out, said)
    assert tail.returncode == 0 and said.count("trying again") == 1, said
    assert end == "kill" or "the node ended the stream: shutdown" in said, said


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
