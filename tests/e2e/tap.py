"""A relay that keeps the bytes which pass, to see what a proxy behind or before it changed."""

import re
import socket
import threading

HOP_BY_HOP = re.compile(rb"^(connection|keep-alive|te|proxy-connection):", re.I)


class Tap:
    """Listens on a port of its own and passes everything on to `target` ("127.0.0.1:port")."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.streams = []  # what clients sent, a bytearray a connection
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
            except OSError:
                return
            sent = bytearray()
            with self.lock:
                self.streams.append(sent)
            threading.Thread(target=self._pass, args=(client, server, sent), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, None), daemon=True).start()

    def _pass(self, source, sink, kept):
        try:
            while data := source.recv(65536):
                if kept is not None:
                    kept += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, sink):
                end.close()

    def requests(self):
        """All whole requests: (head without what each hop has of its own, body as it was framed)."""
        with self.lock:
            return [request for stream in self.streams for request in split_requests(bytes(stream))]

    def close(self):
        self.listener.close()


def split_requests(stream):
    while b"\r\n\r\n" in stream:
        head, _, rest = stream.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
        if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
            size = chunked_size(rest)
        else:
            size = int(fields.get(b"content-length", 0))
        if size is None or size > len(rest):
            return  # a body that was not sent: the answer came before it
        yield b"\r\n".join(line for line in lines if not HOP_BY_HOP.match(line)), rest[:size]
        stream = rest[size:]


def chunked_size(data):
    at = 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        length = int(data[at:end].split(b";")[0], 16)
        at = end + 2
        if length == 0:
            while (end := data.find(b"\r\n", at)) != at:  # trailers
                if end < 0:
                    return None
                at = end + 2
            return at + 2
        at += length + 2
