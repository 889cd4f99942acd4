"""The figures of a run as a table of ratios."""

NAMES = {"cairn": "cairn", "tantivy": "tantivy 0.25", "clickhouse": "ClickHouse", "postgres": "PostgreSQL 15", "sqlite": "SQLite", "kafka": "Kafka's log",
         "text": "zstd -3", "disk": "cairn with other data"}
SETTINGS = {
    "cairn": "POST /ingest with a token, 4 connections, load generator on the same cores; CPU with all background work until it is quiet",
    "tantivy": "in process, one writer thread, lz4 document store, 8 indexed fields, commit (fsync) per 1,000 events; merges counted",
    "clickhouse": "chdb, in process; MergeTree by (account, region, time), 7 text indexes, granule 256, raw ZSTD(1), fsync_after_insert; merges counted",
    "postgres": "COPY into two tables with 8 indexes and COMMIT per 1,000 events, synchronous_commit and fsync on, shared_buffers 1 GB; CPU of the server only",
    "sqlite": "WAL, synchronous FULL, two tables with 8 indexes, transaction per 1,000 events; CPU of inserts and checkpoint",
}


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def cpu_us(result):
    return result["cpu_seconds"] / result["durable_events"] * 1e6


def per_second(result):
    return result["durable_events"] / result["seconds"]


def bytes_each(result):
    return result["bytes"] / result["rows"]


def ratio(own, other):
    return f"{own / other:8.2f}" if other else " " * 8


def show_ingest(cairn, peers):
    print("\ningest, durable and searchable, 1,000 events a request; peers are given their columns: none of them reads JSON")
    print(f"  {'':<14} {'events/s':>10} {'CPU us/event':>13}   cairn: times the rate, times the events a CPU second")
    print(f"  {'cairn':<14} {per_second(cairn):10,.0f} {cpu_us(cairn):13.2f}   request p50 {percentile(cairn['request_ms'], .5):.1f} ms, p99 "
          f"{percentile(cairn['request_ms'], .99):.1f} ms")
    for name, peer in peers.items():
        print(f"  {NAMES[name]:<14} {per_second(peer):10,.0f} {cpu_us(peer):13.2f}   {per_second(cairn) / per_second(peer):8.1f} "
              f"{cpu_us(peer) / cpu_us(cairn):8.1f}")
    print(f"  cairn, duplicates again: {cairn['again_per_second']:,.0f} events/s; largest anonymous memory while ingesting: {cairn['memory_mb']:.0f} MB")


def show_bytes(cairn, stores, other_data):
    kinds = cairn["bytes_by_kind"]
    print(f"\nbytes on disk an event ({cairn['raw']:.0f} as JSON)")
    print(f"  {'cairn':<14} {bytes_each(cairn):8.1f}   log {kinds['log']:.1f} ({kinds['log_after']:.1f} once the dictionary is learned), "
          f"index {kinds['index']:.1f}; admission apart: {kinds['admission']:.1f}")
    for name, store in stores.items():
        print(f"  {NAMES[name]:<14} {bytes_each(store):8.1f}   cairn / it {ratio(bytes_each(cairn), bytes_each(store))}")
    for name in ("high-entropy", "real"):
        found = other_data.get(name, "not measured")
        if isinstance(found, str):
            print(f"  {name} records: {found}")
            continue
        own = found["log"] + found["index"]
        index = f"index {found['index']:.1f}" if found["index"] else "index too small to have left memory"
        print(f"  {name} records ({found['events']:,}, {found['accepted']:,} accepted): cairn {own:.1f} (log {found['log']:.1f}, {index}), "
              f"once the dictionary is learned {own - found['log'] + found['log_after']:.1f}; "
              f"zstd -3 {found['zstd']:.1f}: ratio {own / found['zstd']:.2f}; of the JSON 1/{found['raw'] / own:.1f}")


def show_lookups(cairn, peers):
    print("\nnewest 50 of a value within account and Region, values drawn from the data, warm, ms: p50 / p99, then cairn's as parts of it")
    print("  cairn: LookupEvents from the parsed request to the built answer; call: also the caller's signature, the wait for a thread and the record of the call; "
          "over HTTP: signed before, client included, its CPU apart")
    for key, own in cairn["lookups"].items():
        p50, p99 = percentile(own["ms"], .5), percentile(own["ms"], .99)
        print(f"  {key:<13} cairn {p50:8.3f} / {p99:8.3f}; call {percentile(own['call_ms'], .5):.3f} / {percentile(own['call_ms'], .99):.3f}; over HTTP {percentile(own['over_http_ms'], .5):.2f} / {percentile(own['over_http_ms'], .99):.2f}, "
              f"client CPU {percentile(own['client_ms'], .5):.2f}; {sum(own['found'])} events in {len(own['found'])} lookups")
        for name, peer in peers.items():
            times = peer["lookups"][key]["ms"]
            print(f"  {'':<13} {NAMES[name]:<13} {percentile(times, .5):8.3f} / {percentile(times, .99):8.3f}   {ratio(p50, percentile(times, .5))} / "
                  f"{ratio(p99, percentile(times, .99))}")
    if isinstance(cairn["cold"], str):
        print(f"  cold: {cairn['cold']}")
        return
    for key, times in cairn["cold"].items():
        print(f"  {key:<13} cold  {percentile(times, .5):8.3f} / {percentile(times, 1):8.3f} (largest of {len(times)}), caches dropped before each")


def show_agreement(cairn, peers):
    for name, peer in peers.items():
        if peer["events"] != cairn["events"]:
            print(f"  {NAMES[name]} holds {peer['events']:,} events and cairn {cairn['events']:,}: what they find is not compared")
            continue
        pairs = [pair for key, own in cairn["lookups"].items() for pair in zip(own["found"], peer["lookups"][key]["found"])]
        print(f"  {NAMES[name]} and cairn found the same number of events in {sum(a == b for a, b in pairs)} of {len(pairs)} lookups")


def show_scans(cairn, others):
    print("\ntext that is nowhere, GB of JSON a CPU second")
    rates = [scanned * cairn["raw"] / cpu / 1e9 for scanned, cpu in cairn["scans"] if cpu]
    if not rates:
        return
    print(f"  {'cairn':<14} {', '.join(f'{rate:.2f}' for rate in rates)}")
    for name, other in others.items():
        rate = other["rows"] * other["raw"] / other["scan_cpu_seconds"][0] / 1e9
        wall = f"; {other['raw_bytes'] / other['scan_seconds'] / 1e9:.2f} by the clock, two processes" if "scan_seconds" in other else ""
        what = "zstdcat | grep -F" if name == "text" else NAMES[name] + " LIKE, 1 thread"
        print(f"  {what:<26} {rate:.2f}{wall}; cairn / it {rates[0] / rate:.2f}")


def show(results):
    """Prints what is there. Ratios need cairn's own figures."""
    measured = {name: result for name, result in results.items() if "not_measured" not in result}
    other_data = measured.pop("disk", {})
    for name, result in results.items():
        if name in measured:
            print(f"{NAMES[name]}: {SETTINGS.get(name, 'zstd -3 of the file')}; {result['events']:,} events"
                  + (f", the timed ones {result['durable_events']:,}" if "durable_events" in result else ""))
        elif "not_measured" in result:
            print(f"{NAMES[name]}: not measured: {result['not_measured']}")
    cairn = measured.pop("cairn", None)
    if not cairn:
        return
    stores = {name: result for name, result in measured.items() if "lookups" in result}
    show_ingest(cairn, stores)
    show_bytes(cairn, measured, other_data)
    show_lookups(cairn, stores)
    show_agreement(cairn, stores)
    show_scans(cairn, {name: result for name, result in measured.items() if result.get("scan_cpu_seconds")})
