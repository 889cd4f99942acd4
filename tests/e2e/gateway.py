"""What tests of the gateway need: `cairn gateway` as a process of its own, and an origin that keeps the bytes it receives."""

import pathlib
import signal
import socket
import subprocess
import threading
import time

from node import BINARY, clean_environment


class GatewayProcess:
    """`cairn gateway` in front of `upstream`; records go to the cairn at `cairn`."""

    def __init__(self, folder, upstream, cairn, token, arguments=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.command = [BINARY, "gateway", "--listen", "127.0.0.1:0", "--upstream", upstream, "--cairn", cairn, "--endpoint-file", self.folder / "endpoint", *arguments]
        self.environment = clean_environment(CAIRN_GATEWAY_TOKEN=token)

    def start(self):
        (self.folder / "endpoint").unlink(missing_ok=True)
        self.output = open(self.folder / "output", "ab")
        self.process = subprocess.Popen(self.command, stdout=self.output, stderr=subprocess.STDOUT, env=self.environment)
        self.endpoint = wait_for_endpoint(self.folder / "endpoint", self.process, self.folder / "output")
        return self

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(timeout=60) == 0


def wait_for_endpoint(path, process, output):
    deadline = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None and time.monotonic() < deadline, output.read_text(errors="replace")
        time.sleep(0.01)
    return gateway_of(path)


def gateway_of(path):
    return next(line.split("=", 1)[1] for line in path.read_text().splitlines() if line.startswith("gateway="))


def address_of(endpoint):
    host, port = endpoint.split("//")[1].rsplit(":", 1)
    return host, int(port)


class CapturingOrigin:
    """Reads one request of `size` bytes on each connection, answers, and keeps what came."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.size, self.captured = 0, b""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(10)
                got = b""
                while len(got) < self.size:
                    piece = peer.recv(65536)
                    if not piece:
                        break
                    got += piece
                self.captured = got
                peer.sendall(self.ANSWER)

    def close(self):
        self.listener.close()
