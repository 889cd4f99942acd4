#!/usr/bin/env bash
# The numbers of docs/design.md section 6. Called by `./dev bench [NAME...]`; docs/benchmarks.md tells what is measured and how.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
programs=$root/build/release/bench
events=${BENCH_EVENTS:-1000000}

usage() {
  cat <<'TEXT'
usage: ./dev bench [NAME...]

  record block ingest journal history selectors http classify   one component each
  import       CloudTrail log files into a data directory, new and again, beside gunzip alone
  ingest_http  a node under load over HTTP beside a bare loop with the same codec
  delivery     trails: the whole path beside gzip, acknowledged to file, a bucket that is away, validation, one large digest, pages of a bucket
  gateway      the recording gateway beside nginx as plain reverse proxy: calls, large bodies, idle connections, start
  admit        admission alone, many sizes; not among the default
  end_to_end   a running node beside its peers, as ratios; all of these parts:
  cairn disk tantivy clickhouse postgres sqlite kafka text
               one part of end_to_end; `report` prints what BENCH_RESULTS has

By default all but admit. Environment:
  BENCH_EVENTS          events, default 1000000
  BENCH_DATA            NDJSON with so many records and distinct eventIDs; default: made by `cairn generate`
  BENCH_REAL            NDJSON of real records, perhaps with gzip, for bytes on disk; default: that of CAIRN_SHARED if it is there
  BENCH_PEER_EVENTS     the most that each peer stores, default 1000000
  BENCH_DURABLE_EVENTS  how many of them in timed commits of 1,000, default 100000
  BENCH_DELIVERY        arguments of bench/delivery.py, as "--seconds 60" or "--events 50000 path": delivery in pieces, smaller or larger
  BENCH_RESULTS         a folder that keeps each part's figures, so that a run can be done in pieces
TEXT
}
for argument in "$@"; do
  case "$argument" in -h | --help) usage; exit 0 ;; esac
done
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(record block ingest journal history selectors http classify import ingest_http delivery gateway end_to_end)

work=$(mktemp -d "${TMPDIR:-/var/tmp}/cairn-bench.XXXXXX")
chmod 711 "$work"  # PostgreSQL runs as another user below it
trap 'rm -rf "$work"' EXIT
data=${BENCH_DATA:-$work/records.ndjson}
if [ ! -s "$data" ]; then
  echo "== making $events records"
  "$root/build/release/cairn" generate --count "$events" > "$data"
fi
real=${BENCH_REAL:-${CAIRN_SHARED:-$root/../shared}/data/cloudtrail-dev.ndjson.gz}

end_to_end() {  # PART...
  "$root/.venv/bin/python" "$root/bench/end_to_end.py" --binary "$root/build/release/cairn" --data "$data" --real "$real" --events "$events" \
    --peer-events "${BENCH_PEER_EVENTS:-1000000}" --durable-events "${BENCH_DURABLE_EVENTS:-100000}" \
    --results "${BENCH_RESULTS:-$work/results}" --work "$work/end_to_end" "$@"
}

nproc | sed 's/^/cores: /'
parts=()
for name in "${names[@]}"; do
  case "$name" in
    end_to_end) parts+=(cairn disk tantivy clickhouse postgres sqlite kafka text); continue ;;
    cairn | disk | tantivy | clickhouse | postgres | sqlite | kafka | text | report) parts+=("$name"); continue ;;
  esac
  echo "== $name"
  mkdir -p "$work/$name"
  case "$name" in
    record) "$programs/bench_record" "$data" 200000 ;;
    block) "$programs/bench_block" "$data" 200000 ;;
    ingest) "$programs/bench_ingest" "$data" 200000 ;;
    journal) "$programs/bench_journal" "$work/$name" ;;
    admit) "$programs/bench_admit" "$work/$name" ;;
    history) "$programs/bench_history" "$data" "$work/$name" "$events" ;;
    selectors) "$programs/bench_selectors" "$data" ;;
    http) "$programs/bench_http" ;;
    classify) "$programs/bench_classify" ;;
    import) "$root/.venv/bin/python" "$root/bench/import_files.py" --binary "$root/build/release/cairn" --data "$data" --events "$events" --work "$work/$name" ;;
    ingest_http) "$programs/bench_ingest_http" "$root/build/release/cairn" "$data" "$work/$name" "$((events < 400000 ? events : 400000))" ;;
    gateway) "$root/.venv/bin/python" "$root/bench/gateway.py" --binary "$root/build/release/cairn" --work "$work/$name" ;;
    delivery)
      "$programs/bench_delivery" "$work/$name" $((events < 10000 ? events : 10000)) "$events"
      # Word splitting is wanted: they are arguments.
      "$root/.venv/bin/python" "$root/bench/delivery.py" --binary "$root/build/release/cairn" --work "$work/$name" --events "$((events < 400000 ? events : 400000))" ${BENCH_DELIVERY:-} ;;
    *) usage >&2; exit 2 ;;
  esac
done
if [ ${#parts[@]} -gt 0 ]; then  # together and last: their table needs the figures of all
  echo "== end to end: ${parts[*]}"
  end_to_end "${parts[@]}"
fi
