#!/usr/bin/env bash
# The numbers of docs/design.md section 6. Called by `./dev bench [NAME...]`.
#   BENCH_EVENTS   events of the end-to-end run, default 1000000
#   BENCH_DATA     NDJSON with that many records and distinct eventIDs, kept outside the repository; default: made by `cairn generate`
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
programs=$root/build/release/bench
events=${BENCH_EVENTS:-1000000}

usage() {
  echo "usage: ./dev bench [record|block|ingest|journal|admit|history|http|ingest_http|end_to_end]..., all but admit by default"
  echo "BENCH_EVENTS (default 1000000) and BENCH_DATA (NDJSON, default: generated) choose the data"
}
case "${1:-}" in -h | --help) usage; exit 0 ;; esac
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(record block ingest journal history http ingest_http end_to_end)

work=$(mktemp -d "${TMPDIR:-/var/tmp}/cairn-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
data=${BENCH_DATA:-$work/records.ndjson}
if [ ! -s "$data" ]; then
  echo "== making $events records"
  "$root/build/release/cairn" generate --count "$events" > "$data"
fi
nproc | sed 's/^/cores: /'
for name in "${names[@]}"; do
  echo "== $name"
  mkdir -p "$work/$name"
  case "$name" in
    record) "$programs/bench_record" "$data" 200000 ;;
    block) "$programs/bench_block" "$data" 200000 ;;
    ingest) "$programs/bench_ingest" "$data" 200000 ;;
    journal) "$programs/bench_journal" "$work/$name" ;;
    admit) "$programs/bench_admit" "$work/$name" ;;
    history) "$programs/bench_history" "$data" "$work/$name" "$events" ;;
    http) "$programs/bench_http" ;;
    ingest_http) "$programs/bench_ingest_http" "$root/build/release/cairn" "$data" "$work/$name" "$((events < 400000 ? events : 400000))" ;;
    end_to_end) "$root/.venv/bin/python" "$root/bench/end_to_end.py" --binary "$root/build/release/cairn" --data "$data" --events "$events" --work "$work/$name" ;;
    *) usage >&2; exit 2 ;;
  esac
done
