"""The gateway beside nginx as plain reverse proxy, over the same origin in the same run: docs/benchmarks.md, "Gateway"."""

import argparse
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import time

SMALL = 1024


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"nobody listens on {port}"
            time.sleep(0.002)


class Nginx:
    """As origin it serves files and takes uploads; as proxy it stands before one."""

    def __init__(self, folder, upstream=None):
        self.port = free_port()
        folder.mkdir(parents=True)
        way = (f"proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $http_host; proxy_request_buffering off;"
               if upstream else f"root {folder}/files; sendfile on;")
        upload = "" if upstream else "location /upload { proxy_pass http://127.0.0.1:%d; proxy_request_buffering off; proxy_http_version 1.1; }"
        sink = free_port()
        servers = f"server {{ listen 127.0.0.1:{self.port} backlog=4096; location / {{ {way} }} {upload % sink if not upstream else ''} }}"
        if not upstream:
            servers += f" server {{ listen 127.0.0.1:{sink}; location / {{ return 200; }} }}"
        origin = f"upstream origin {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000000; }}" if upstream else ""
        (folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; worker_rlimit_nofile 60000; pid {folder}/pid; error_log {folder}/error; events {{ worker_connections 30000; }} "
            f"http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; client_max_body_size 0; "
            f"client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e; "
            f"{origin} {servers} }}")
        self.process = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-e", folder / "error"], stderr=subprocess.DEVNULL)
        wait_for(self.port)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Cairn:
    def __init__(self, binary, folder, upstream, mode):
        folder.mkdir(parents=True)
        endpoint = folder / "endpoint"
        self.process = subprocess.Popen(
            [binary, "serve", "--data", folder / "data", "--listen", "127.0.0.1:0", "--endpoint-file", endpoint, "--set", "auth=trust", "--set", "gateway.listen=127.0.0.1:0",
             "--set", f"gateway.upstream=http://127.0.0.1:{upstream}", "--set", f"gateway.mode={mode}", "--set", "limits.connections=20000"],
            stdout=open(folder / "output", "ab"), stderr=subprocess.STDOUT)
        while not endpoint.exists():
            assert self.process.poll() is None, (folder / "output").read_text()
            time.sleep(0.01)
        self.port = int(re.search(r"gateway=.*:(\d+)", endpoint.read_text()).group(1))

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+)", status).group(1)) * 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def wrk(port, connections, seconds):
    """Requests a second, p50 and p99 in microseconds."""
    text = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", f"http://127.0.0.1:{port}/bucket/small"], check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in text and "Socket errors" not in text, text
    scale = {"us": 1, "ms": 1000, "s": 1_000_000}

    def latency(percent):
        value, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", text).groups()
        return float(value) * scale[unit]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), latency(50), latency(99)


def megabytes(port, bytes_moved, *arguments, path="large"):
    started = time.monotonic()
    subprocess.run(["curl", "-sS", "--fail", "--noproxy", "*", "-o", "/dev/null", *arguments, f"http://127.0.0.1:{port}/{path}"], check=True)
    return bytes_moved / (time.monotonic() - started) / 1e6


def idle_memory(cairn, count):
    """Bytes of one open connection that has made a call and waits."""
    before = cairn.memory()
    request = b"GET /bucket/small HTTP/1.1\r\nHost: h\r\n\r\n"
    open_now = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", cairn.port))
        connection.sendall(request)
        got = 0
        while got < SMALL:
            got += len(connection.recv(65536))
        open_now.append(connection)
    after = cairn.memory()
    for connection in open_now[:: max(1, count // 100)]:  # they still serve
        connection.sendall(request)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    for connection in open_now:
        connection.close()
    return (after - before) / count


def start_time(binary, folder, upstream):
    port = free_port()
    started = time.monotonic()
    process = subprocess.Popen([binary, "gateway", "--listen", f"127.0.0.1:{port}", "--upstream", f"http://127.0.0.1:{upstream}", "--cairn", "http://127.0.0.1:1"],
                               stderr=subprocess.DEVNULL)
    wait_for(port)
    taken = time.monotonic() - started
    process.send_signal(signal.SIGTERM)
    process.wait()
    return taken * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--large", type=int, default=1 << 30)
    parser.add_argument("--connections", type=int, default=10_000)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    os.chmod(options.work, 0o755)

    origin = Nginx(options.work / "origin")
    files = options.work / "origin/files"
    (files / "bucket").mkdir(parents=True)
    (files / "bucket/small").write_bytes(os.urandom(SMALL))
    with open(files / "large", "wb") as large:
        large.truncate(options.large)
    proxy = Nginx(options.work / "nginx", origin.port)
    gateways = {mode: Cairn(options.binary, options.work / mode, origin.port, mode) for mode in ("observe", "closed", "intent")}
    ports = {"direct": origin.port, "nginx": proxy.port, **{mode: gateway.port for mode, gateway in gateways.items()}}

    rows = {}
    for name, port in ports.items():
        wrk(port, 32, 1)  # warm
        rate, p50, p99 = wrk(port, 32, options.seconds)
        _, alone, alone99 = wrk(port, 1, options.seconds)
        rows[name] = [rate, p50, p99, alone, alone99, megabytes(port, options.large),
                      megabytes(port, options.large, "-T", str(files / "large"), "-H", "Expect:", path="upload/x")]
    print(f"{'':8} {'req/s 32':>10} {'p50 us':>8} {'p99 us':>8} {'p50 us 1':>9} {'added':>6} {'p99 us 1':>9} {'GET MB/s':>9} {'PUT MB/s':>9} {'req/s':>6} {'GET':>5} {'PUT':>5}  (of nginx)")
    for name, (rate, p50, p99, alone, alone99, get, put) in rows.items():
        nginx = rows["nginx"]
        print(f"{name:8} {rate:10.0f} {p50:8.0f} {p99:8.0f} {alone:9.0f} {alone - rows['direct'][3]:6.0f} {alone99:9.0f} {get:9.0f} {put:9.0f} "
              f"{rate / nginx[0]:6.2f} {get / nginx[5]:5.2f} {put / nginx[6]:5.2f}")
    print(f"bytes of an idle connection, {options.connections} open: {idle_memory(gateways['closed'], options.connections):.0f}")
    print(f"start to first accept: {min(start_time(options.binary, options.work, origin.port) for _ in range(5)):.0f} ms")
    for server in (*gateways.values(), proxy, origin):
        server.stop()


if __name__ == "__main__":
    main()
