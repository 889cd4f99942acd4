"""Prints ports for the gateway and the moto of the example: those after the port that is given, or free ones where they are taken."""

import socket
import sys


def usable(port):
    """`port`, or one that the system picks if that is taken or 0."""
    for wanted in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise SystemExit("no port is free")


base = int(sys.argv[1])
gateway = usable(base + 1 if base else 0)
moto = usable(gateway + 1)
print(gateway, moto)
