"""The tables that SQLite and PostgreSQL share: one row an event, one row a resource of an event, and eight indexes. Account, Region and value stand before
the time in each, so that the newest 50 of a value are one short range of one index."""

from peer import ACCESS_KEY_ID, ACCOUNT, EVENT_ID, EVENT_NAME, EVENT_SOURCE, FOUND_MAX, READ_ONLY, REGION, RESOURCES, TIME, USERNAME

EVENT_COLUMNS = ["time", "account", "region", "event_id", "event_name", "event_source", "username", "access_key_id", "read_only", "raw"]
RESOURCE_COLUMNS = ["time", "account", "region", "event_id", "type", "name"]
COLUMN_OF_KEY = {"EventId": "event_id", "EventName": "event_name", "EventSource": "event_source", "Username": "username",
                 "AccessKeyId": "access_key_id", "ReadOnly": "read_only"}
INDEXES = [("events", column) for column in COLUMN_OF_KEY.values()] + [("resources", "type"), ("resources", "name")]


def schema(text, integer):
    def columns(names):
        return ", ".join(f"{name} {integer if name == 'time' else text}" for name in names)

    return [f"CREATE TABLE events ({columns(EVENT_COLUMNS)})", f"CREATE TABLE resources ({columns(RESOURCE_COLUMNS)})",
            *(f"CREATE INDEX {table}_{column} ON {table} (account, region, {column}, time)" for table, column in INDEXES)]


def event_row(row, record):
    fields = (EVENT_ID, EVENT_NAME, EVENT_SOURCE, USERNAME, ACCESS_KEY_ID, READ_ONLY)
    return (row[TIME], row[ACCOUNT], row[REGION], *(row[field] or None for field in fields), record)


def resource_rows(row):
    types = {}
    for kind, name in row[RESOURCES]:
        types.setdefault(name, kind)  # one event is one row of a name
    return [(row[TIME], row[ACCOUNT], row[REGION], row[EVENT_ID], kind or None, name or None) for name, kind in types.items()]


def newest(key, mark):
    """The query for the newest of one value; `mark` is the driver's placeholder for account, Region and value."""
    if key == "ResourceName":
        return (f"SELECT e.raw FROM (SELECT account, region, event_id, time FROM resources WHERE account = {mark} AND region = {mark} AND name = {mark} "
                f"ORDER BY time DESC LIMIT {FOUND_MAX}) r JOIN events e ON e.account = r.account AND e.region = r.region AND e.event_id = r.event_id "
                "ORDER BY r.time DESC")
    return (f"SELECT raw FROM events WHERE account = {mark} AND region = {mark} AND {COLUMN_OF_KEY[key]} = {mark} "
            f"ORDER BY time DESC LIMIT {FOUND_MAX}")
