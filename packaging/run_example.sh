#!/usr/bin/env bash
# Starts cairn with an example: an account with a key; at the first start a few thousand events of the last days, a trail that
# delivers what happens from then on into a bucket of cairn's own, and, where there is a moto (EXAMPLE_PYTHON names the Python
# that has it), the gateway in front of it with a short story of calls.
# Arguments go to `cairn serve`. Called by `./dev run`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cairn=${CAIRN_BINARY:-$here/../build/release/cairn}
unset CAIRN_BINARY  # no setting of cairn

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
bucket=example-logs
trail=example
trail_arn=arn:aws:cloudtrail:us-east-1:$account:trail/$trail
random_text() { LC_ALL=C tr -dc "$1" < /dev/urandom | head -c "$2" || true; }

mkdir -p "$data"
if [ ! -f "$data/example.toml" ]; then
  (umask 077; cat > "$data/example.toml.new" <<TOML
# Written by ./dev run: one account with one key, for trying things out.
# Without these two, log files come every five minutes and digests every hour, as CloudTrail's do.
delivery_interval = "15s"
digest_interval = "2m"
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
export AWS_PAGER=
unset AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION

# The gateway listens one port above cairn, moto one above it, or on a free one; all of it ends with this script.
moto=
if [ -x "${EXAMPLE_PYTHON:-}" ]; then
  read -r gateway_port moto_port < <("$EXAMPLE_PYTHON" "$here/example/free_ports.py" "${listen##*:}")
  MOTO_ACCOUNT_ID=$account "$EXAMPLE_PYTHON" -c 'from moto.server import main; main()' -H 127.0.0.1 -p "$moto_port" > "$data/example-moto.log" 2>&1 &
  moto=$!
  arguments=(--set gateway.listen="127.0.0.1:$gateway_port" --set gateway.upstream="http://127.0.0.1:$moto_port" --set gateway.profile=moto "${arguments[@]}")
fi

"$cairn" serve --config "$data/example.toml" --data "$data" --listen "$listen" --endpoint-file "$data/endpoint" "${arguments[@]}" &
server=$!
stop() { kill -TERM $server $moto 2>/dev/null || true; }
trap stop INT TERM
trap '[ -z "$moto" ] || kill -TERM $moto 2>/dev/null || true' EXIT

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

# The bucket policy is the one that the CloudTrail user guide documents. Every step can be done again.
make_trail() {
  local aws="aws --endpoint-url $endpoint --region us-east-1 --output text"
  $aws s3api create-bucket --bucket $bucket &&
    $aws s3api put-bucket-policy --bucket $bucket --policy '{"Version": "2012-10-17", "Statement": [
      {"Sid": "AWSCloudTrailAclCheck20150319", "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
       "Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::'$bucket'", "Condition": {"StringEquals": {"aws:SourceArn": "'$trail_arn'"}}},
      {"Sid": "AWSCloudTrailWrite20150319", "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
       "Action": "s3:PutObject", "Resource": "arn:aws:s3:::'$bucket'/AWSLogs/'$account'/*",
       "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": "'$trail_arn'"}}}]}' &&
    { $aws cloudtrail create-trail --name $trail --s3-bucket-name $bucket --is-multi-region-trail --enable-log-file-validation ||
      $aws cloudtrail get-trail --name $trail; } &&
    $aws cloudtrail start-logging --name $trail
}

if [ ! -f "$data/example-trail" ]; then
  echo "making a trail of all Regions into the bucket $bucket"
  begin=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  if make_trail > "$data/example-trail.log" 2>&1; then
    echo "$begin" > "$data/example-trail"
    rm "$data/example-trail.log"
  else
    echo "the trail could not be made, see $data/example-trail.log; the next start tries again" >&2
  fi
fi
begin=$(cat "$data/example-trail" 2>/dev/null || echo "$begin")

gateway=$(sed -n 's/^gateway=//p' "$data/endpoint")
if [ -n "$moto" ] && [ ! -f "$data/example-story" ]; then
  echo "making some calls to a moto, through the gateway at $gateway"
  if "$here/example/story.sh" "$gateway" "http://127.0.0.1:$moto_port" > "$data/example-story.new" 2> "$data/example-story.log"; then
    mv "$data/example-story.new" "$data/example-story"
    rm "$data/example-story.log"
  else
    echo "the calls went wrong, see $data/example-story.log; the next start tries again" >&2
  fi
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

    # a trail delivers every call made from now on, those to cairn itself, too: a log file after 15 seconds, signed digests every 2 minutes
    aws cloudtrail list-trails --endpoint-url $endpoint
    aws cloudtrail describe-trails --endpoint-url $endpoint
    aws cloudtrail get-trail-status --endpoint-url $endpoint --name $trail_arn
    $(realpath --relative-to=. "$cairn") trails
    aws s3 ls --endpoint-url $endpoint --recursive s3://$bucket/
    # was anything changed, removed or added there?
    aws cloudtrail validate-logs --trail-arn $trail_arn --start-time $begin
    $(realpath --relative-to=. "$cairn") validate --data $data --trail $trail

$(if [ -f "$data/example-story" ]; then "$here/example/questions.sh" "$cairn" "$endpoint" "$gateway" < "$data/example-story"; fi)

(An AWS CLI older than 2.13 or 1.29, Debian 12's too, does not read AWS_ENDPOINT_URL: --endpoint-url works with all, but validate-logs needs a newer one.)
Stop with Ctrl-C. The README goes on from here.
TEXT
wait $server || true  # ends early when a signal was handed on
status=0
wait $server || status=$?
exit $status
