"""SQLite as a peer, in this process."""

import sqlite3

import peer
import relational


class Sqlite(peer.Peer):
    def __init__(self, folder):
        super().__init__(folder)
        self.database = sqlite3.connect(folder / "peer.sqlite", isolation_level=None)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=FULL")
        for statement in relational.schema("TEXT", "INTEGER"):
            self.database.execute(statement)

    def prepare(self, rows, records):
        events = [relational.event_row(row, record.decode()) for row, record in zip(rows, records)]
        return events, [resource for row in rows for resource in relational.resource_rows(row)]

    def insert(self, batch):
        self.database.execute("BEGIN")
        for table, rows in zip(("events", "resources"), batch):
            if rows:
                self.database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        self.database.execute("COMMIT")

    def settle(self):
        self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def before_lookups(self):
        self.database.execute("ANALYZE")

    def count(self):
        return self.database.execute("SELECT count(*) FROM events").fetchone()[0]

    def find(self, key, account, region, value):
        return len(self.database.execute(relational.newest(key, "?"), (account, region, value)).fetchall())

    def close(self):
        self.database.close()


if __name__ == "__main__":
    peer.measure(Sqlite)
