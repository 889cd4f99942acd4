"""Stands before a real S3 server and lets calls fail in all the ways that a network and a busy server have."""

import http.client
import http.server
import random
import socket
import struct
import threading
import time

FAULTS = ["500", "503", "denied", "full", "reset before", "reset after", "late", "cut"]


def error_text(code):
    return f"<Error><Code>{code}</Code><Message>as the test wants it</Message></Error>".encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _forward(self, body):
        connection = http.client.HTTPConnection(self.server.behind, timeout=30)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), content

    def _answer(self, status, headers, content, cut=False):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = dict((n.lower(), v) for n, v in headers).get("content-length", len(content)) if self.command == "HEAD" else len(content)
        self.send_header("Content-Length", str(length))
        if cut:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)

    def _reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.draw()
        if fault in ("500", "503", "denied", "full"):
            status, code = {"500": (500, "InternalError"), "503": (503, "SlowDown"), "denied": (403, "AccessDenied"), "full": (507, "XMinioStorageFull")}[fault]
            return self._answer(status, [], error_text(code))
        if fault == "reset before":
            return self._reset()
        if fault == "late":
            self.server.later(lambda: (time.sleep(2), self._forward(body)))
            return self._reset()
        status, headers, content = self._forward(body)
        if fault == "reset after":
            return self._reset()
        self._answer(status, headers, content, cut=fault == "cut" and len(content) > 1)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve


class FaultProxy(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behind, seed):
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind, self.random, self.rate = behind, random.Random(seed), 0.0
        self.lock, self.seen, self.work = threading.Lock(), {}, []
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def draw(self):
        with self.lock:
            fault = self.random.choice(FAULTS) if self.random.random() < self.rate else None
            self.seen[fault] = self.seen.get(fault, 0) + 1
            return fault

    def later(self, work):
        thread = threading.Thread(target=work)
        self.work.append(thread)
        thread.start()

    def close_late(self):
        """Until what comes late has come."""
        for thread in list(self.work):
            thread.join()

    def close(self):
        self.close_late()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        pass  # clients that went away
