#!/usr/bin/env bash
# Starts cairn with an example: an account with a key, and a few thousand events of the last days at the first start.
# Arguments go to `cairn serve`. Called by `./dev run`.
set -euo pipefail
cairn=$(dirname "$0")/../build/release/cairn

data=./cairn-data
listen=127.0.0.1:4610
arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    --data) data=$2; shift 2 ;;
    --data=*) data=${1#*=}; shift ;;
    --listen) listen=$2; shift 2 ;;
    --listen=*) listen=${1#*=}; shift ;;
    *) arguments+=("$1"); shift ;;
  esac
done

account=123456789012
random_text() { LC_ALL=C tr -dc "$1" < /dev/urandom | head -c "$2" || true; }

mkdir -p "$data"
if [ ! -f "$data/example.toml" ]; then
  (umask 077; cat > "$data/example.toml.new" <<TOML
# Written by ./dev run: one account with one key, for trying things out.
[[accounts]]
id = "$account"
alias = "example"
[[accounts.key]]
id = "AKIA$(random_text 'A-Z2-7' 16)"
secret = "$(random_text 'A-Za-z0-9+/' 40)"
TOML
  )
  mv "$data/example.toml.new" "$data/example.toml"
fi
AWS_ACCESS_KEY_ID=$(sed -n 's/^id = "\(AKIA.*\)"/\1/p' "$data/example.toml")
AWS_SECRET_ACCESS_KEY=$(sed -n 's/^secret = "\(.*\)"/\1/p' "$data/example.toml")
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION=us-east-1
unset AWS_SESSION_TOKEN AWS_PROFILE

"$cairn" serve --config "$data/example.toml" --data "$data" --listen "$listen" --endpoint-file "$data/endpoint" "${arguments[@]}" &
server=$!
stop() { kill -TERM $server 2>/dev/null || true; }
trap stop INT TERM

# The node writes its endpoint when it is ready.
while ! [ "$data/endpoint" -nt "$data/example.toml" ] || ! grep -q "pid=$server\$" "$data/endpoint" 2>/dev/null; do
  kill -0 $server 2>/dev/null || { wait $server; exit $?; }
  sleep 0.02
done
endpoint=$(sed -n 's/^endpoint=//p' "$data/endpoint")

if [ ! -f "$data/example-loaded" ]; then
  echo "loading example events of the last five days"
  "$cairn" generate --count 6000 --days 5 --account $account --seed 1 > "$data/example.ndjson"
  "$cairn" import --endpoint "$endpoint" --no-state "$data/example.ndjson"
  rm "$data/example.ndjson"
  touch "$data/example-loaded"
fi

cat <<TEXT

cairn is running at $endpoint, its data is in $data. In another terminal:

    export AWS_ENDPOINT_URL=$endpoint AWS_DEFAULT_REGION=us-east-1
    export AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID
    export AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY

    # who signed in to the console?
    aws cloudtrail lookup-events --endpoint-url $endpoint --lookup-attributes AttributeKey=EventName,AttributeValue=ConsoleLogin --max-items 10
    # what did stevenzh do?
    aws cloudtrail lookup-events --endpoint-url $endpoint --lookup-attributes AttributeKey=Username,AttributeValue=stevenzh --output table
    # who opened a security group in Ireland?
    aws cloudtrail lookup-events --endpoint-url $endpoint --region eu-west-1 --lookup-attributes AttributeKey=EventName,AttributeValue=AuthorizeSecurityGroupIngress --output table
    # what was denied today, by whom, from where?
    $(realpath --relative-to=. "$cairn") lookup 'errorCode:Denied' --from -1d

(An AWS CLI older than 2.13 or 1.29 does not read AWS_ENDPOINT_URL; --endpoint-url works with all.)
Stop with Ctrl-C. The README goes on from here.
TEXT
wait $server || status=$?
wait $server 2>/dev/null || true
exit "${status:-0}"
