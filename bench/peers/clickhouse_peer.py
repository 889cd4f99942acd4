"""ClickHouse as a peer, in this process (chdb)."""

import time

from chdb import session

import peer

TABLE = """CREATE TABLE default.events (
    time DateTime64(3), account LowCardinality(String), region LowCardinality(String), event_id String, event_name LowCardinality(String),
    event_source LowCardinality(String), username String, access_key_id String, read_only LowCardinality(String),
    resource_types Array(LowCardinality(String)), resource_names Array(String), raw String CODEC(ZSTD(1)), {indexes})
    ENGINE = MergeTree ORDER BY (account, region, time)
    SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1"""
INDEXED = ["event_id", "event_name", "event_source", "username", "access_key_id", "resource_types", "resource_names"]
CONDITION = {"EventId": "event_id = {}", "EventName": "event_name = {}", "EventSource": "event_source = {}", "Username": "username = {}",
             "AccessKeyId": "access_key_id = {}", "ResourceName": "has(resource_names, {})"}


def escaped(text):
    return text.replace("\\", "\\\\").replace("'", "\\'").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def array(values):
    return "[" + ",".join(f"'{escaped(value)}'" for value in values) + "]"


def line(row, record):
    columns = [str(row[peer.TIME] / 1000), *(escaped(value) for value in row[peer.ACCOUNT:peer.RESOURCES]),
               array(kind for kind, _ in row[peer.RESOURCES]), array(name for _, name in row[peer.RESOURCES]), escaped(record)]
    return "\t".join(columns) + "\n"


class Clickhouse(peer.Peer):
    def __init__(self, folder):
        super().__init__(folder)
        self.session = session.Session(str(folder / "clickhouse"))
        indexes = ", ".join(f"INDEX by_{column} {column} TYPE text(tokenizer = 'array')" for column in INDEXED)
        self.session.query(TABLE.format(indexes=indexes))

    def number(self, query):
        return int(str(self.session.query(query, "TabSeparated")).strip() or 0)

    def prepare(self, rows, records):
        return "INSERT INTO default.events FORMAT TabSeparated\n" + "".join(line(row, record.decode()) for row, record in zip(rows, records))

    def insert(self, batch):
        self.session.query(batch)

    def settle(self):
        """Waits until no parts are being merged and none have gone for two seconds."""
        parts, since = -1, time.monotonic()
        while time.monotonic() - since < 2:
            now = self.number("SELECT count() FROM system.parts WHERE active AND table = 'events'")
            if now != parts or self.number("SELECT count() FROM system.merges") > 0:
                parts, since = now, time.monotonic()
            time.sleep(0.2)

    def count(self):
        return self.number("SELECT count() FROM default.events")

    def find(self, key, account, region, value):
        condition = CONDITION[key].format(f"'{escaped(value)}'")
        answer = self.session.query(f"SELECT raw FROM default.events WHERE account = '{account}' AND region = '{region}' AND {condition} "
                                    f"ORDER BY time DESC LIMIT {peer.FOUND_MAX} SETTINGS use_query_condition_cache = 0", "TabSeparated")
        return str(answer).count("\n")

    def scan(self, text):
        return self.number(f"SELECT count() FROM default.events WHERE raw LIKE '%{text}%' SETTINGS max_threads = 1, use_query_condition_cache = 0")

    def bytes(self):
        return self.number("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'events'")

    def close(self):
        self.session.close()


if __name__ == "__main__":
    peer.measure(Clickhouse)
