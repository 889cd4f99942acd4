#!/usr/bin/env bash
# Questions about the calls of story.sh, and cairn's answers: questions.sh CAIRN ENDPOINT GATEWAY, with what story.sh printed as input.
set -euo pipefail
cairn=$1 endpoint=$2 gateway=$3
declare -A story
while IFS== read -r name value; do story[$name]=$value; done
export AWS_ENDPOINT_URL=$endpoint
shown=$(realpath --relative-to=. "$cairn")

ask() {  # WHAT ARGUMENTS
  local words
  printf -v words ' %q' "${@:2}"
  printf '    # %s\n    %s%s\n' "$1" "$shown" "${words//\\ / }"
  "$cairn" "${@:2}" 2>&1 | sed 's/^/  | /' || true
}

cat <<TEXT
    # a gateway at $gateway records every call to a moto behind it; an administrator and alice have made some. Make your own:
    aws s3 mb --endpoint-url $gateway s3://my-bucket
TEXT
ask "who stopped the instance?" lookup "eventName=StopInstances resource=${story[instance]}"
ask "and who was that really?" who "${story[session_key]}"
ask "who changed the bucket policy?" lookup "eventName=PutBucketPolicy resource=shop-invoices"
ask "what did alice do, in whatever role?" lookup "origin=alice" --limit 10
ask "who opened a port to the world?" lookup "eventName=AuthorizeSecurityGroupIngress resource=${story[group]}"
cat <<TEXT
    # the same with the AWS CLI
    aws cloudtrail lookup-events --endpoint-url $endpoint --lookup-attributes AttributeKey=EventName,AttributeValue=StopInstances --output text --query 'Events[].[EventTime,Username,EventName]'
TEXT
