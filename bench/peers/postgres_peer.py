"""PostgreSQL as a peer: a server of its own in the given folder, on a free loopback port, as an ordinary user, gone at the end."""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

import psycopg

import peer
import relational

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
SETTINGS = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "1GB", "max_wal_size": "4GB", "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "", "jit": "off"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ordinary_user():
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def escaped(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def copy_text(rows):
    return "".join("\t".join("\\N" if value is None else escaped(str(value)) for value in row) + "\n" for row in rows).encode()


def cpu_seconds_of_tree(pid):
    """CPU of a process, of its children that live, and of those it has waited for."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    own = sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(cpu_seconds_of_tree(child) for child in children)


class Postgres(peer.Peer):
    def __init__(self, folder):
        super().__init__(folder)
        user = ordinary_user()
        if user:
            shutil.chown(folder, user["user"], user["group"])
        cluster = folder / "cluster"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **user}
        subprocess.run([PROGRAMS / "initdb", "-D", cluster, "-U", "bench", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale", "C"], check=True, **quiet)
        port = free_port()
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        self.server = subprocess.Popen([PROGRAMS / "postgres", "-D", cluster, "-p", str(port), *settings], **quiet)
        try:
            self.connection = self.connect(port)
            with self.connection.cursor() as cursor:
                for statement in relational.schema("text", "bigint"):
                    cursor.execute(statement)
        except BaseException:
            self.close()
            raise

    def connect(self, port):
        for _ in range(300):
            try:
                return psycopg.connect(f"host=127.0.0.1 port={port} user=bench dbname=postgres", autocommit=True)
            except psycopg.OperationalError:
                if self.server.poll() is not None:
                    raise
                time.sleep(0.1)
        raise TimeoutError("PostgreSQL does not answer")

    def prepare(self, rows, records):
        events = [relational.event_row(row, record.decode()) for row, record in zip(rows, records)]
        return copy_text(events), copy_text([resource for row in rows for resource in relational.resource_rows(row)])

    def insert(self, batch):
        with self.connection.transaction(), self.connection.cursor() as cursor:
            for table, text in zip(("events", "resources"), batch):
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(text)

    def settle(self):
        self.connection.execute("CHECKPOINT")

    def before_lookups(self):
        self.connection.execute("VACUUM ANALYZE")

    def cpu_seconds(self):
        return cpu_seconds_of_tree(self.server.pid)

    def count(self):
        return self.connection.execute("SELECT count(*) FROM events").fetchone()[0]

    def find(self, key, account, region, value):
        return len(self.connection.execute(relational.newest(key, "%s"), (account, region, value), prepare=True).fetchall())

    def bytes(self):
        """Tables and indexes, without the write-ahead log."""
        return self.connection.execute("SELECT pg_total_relation_size('events') + pg_total_relation_size('resources')").fetchone()[0]

    def close(self):
        self.server.send_signal(signal.SIGINT)
        self.server.wait(timeout=60)


if __name__ == "__main__":
    peer.measure(Postgres)
