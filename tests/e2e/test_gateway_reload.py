"""SIGHUP: a gateway takes over what its file says now; a file that is wrong changes nothing, and says why."""

import http.server
import json
import signal
import threading
import time
import urllib.request

import pytest

from gateway import GatewayProcess, gateway_of
from node import ACCOUNT


class Origin:
    """Answers everything with its name."""

    def __init__(self, name):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(name)))
                self.end_headers()
                self.wfile.write(name.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def origins():
    both = Origin("first"), Origin("second")
    yield both
    for one in both:
        one.close()


def get(gateway, path="/b/k"):
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(gateway + path, timeout=10).read().decode()


def hang_up(process, said):
    """Sends SIGHUP and waits until the log says what came of it."""
    before = said().count("configuration")
    process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while said().count("configuration") == before:
        assert process.poll() is None and time.monotonic() < deadline, said()
        time.sleep(0.02)
    time.sleep(0.1)
    return said().splitlines()


def upstreams(origin, more=""):
    return f"""
[gateway]
{more}
[[gateway.upstreams]]
name = "one"
url = "{origin.url}"
account = "{ACCOUNT}"
[[gateway.listeners]]
listen = "127.0.0.1:0"
routes = [{{ upstream = "one" }}]
"""


def test_a_node_takes_over_upstreams_mode_and_what_is_hidden(start, origins):
    first, second = origins
    node = start(config=upstreams(first))
    gateway, unchanged = gateway_of(node.folder / "endpoint"), node.config.read_text()
    assert get(gateway) == "first"

    node.config.write_text(unchanged.replace(first.url, second.url).replace("[gateway]", '[gateway]\nmode = "observe"\nhidden = ["s3:versionId"]\nname = "other"'))
    lines = hang_up(node.process, node.text)
    assert get(gateway, "/b/k?versionId=canary-version") == "second"
    waiting, = [line for line in lines if "next start" in line]
    assert "gateway.name" in waiting and "gateway.mode" not in waiting and '"other"' not in waiting

    # What is wrong is named, and nothing of the file is taken over.
    for wrong, named in (("nowhere = 1", "nowhere"), ('trusted_proxies = ["10.0.0.0/99"]', "trusted_proxies"), ('mode = "often"', "often")):
        node.config.write_text(unchanged.replace("[gateway]", f"[gateway]\n{wrong}"))
        lines = hang_up(node.process, node.text)
        said = [line for line in lines if "stays as it was" in line][-1]
        assert named in said, said
        assert get(gateway) == "second"
    found = node.cairn("lookup", "eventName=GetObject", "--limit", "100", "--output", "records")
    assert found.count("GetObject") == 5 and "canary-version" not in found and "HIDDEN_DUE_TO_SECURITY_REASONS" in found


def test_a_gateway_of_its_own_does_so_too(start, origins, tmp_path):
    first, second = origins
    node = start()
    config = tmp_path / "gateway.toml"
    config.write_text(upstreams(first, f'cairn = "{node.endpoint}"\n'))
    secret = json.loads(node.cairn("keys", "create", "--ingest", "--account", ACCOUNT, "--data", node.data, "--json"))["secret"]
    process = GatewayProcess(tmp_path / "gateway", first.url, node.endpoint, secret, ["--config", config])
    process.command = [word for word in process.command if word not in ("--listen", "127.0.0.1:0", "--upstream", first.url)]
    process.start()
    try:
        assert get(process.endpoint) == "first"
        config.write_text(config.read_text().replace(first.url, second.url))
        said = lambda: (process.folder / "output").read_text(errors="replace")  # noqa: E731
        hang_up(process.process, said)
        assert get(process.endpoint) == "second"
        config.write_text(config.read_text().replace("[gateway]", '[gateway]\nmode = "intent"'))
        assert "gateway.spool" in hang_up(process.process, said)[-1]
        assert get(process.endpoint) == "second"
    finally:
        process.stop()
    assert node.cairn("lookup", "eventName=GetObject", "--limit", "100", "--output", "records").count('"GetObject"') == 3
