#!/usr/bin/env bash
# Calls of an administrator and of alice, who takes a role, to a moto behind a gateway: story.sh GATEWAY MOTO. Prints what the questions
# about it need, NAME=VALUE a line.
set -euo pipefail
gateway=$1 moto=$2

export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=example AWS_DEFAULT_REGION=us-east-1 AWS_PAGER= AWS_MAX_ATTEMPTS=1
unset AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION AWS_ENDPOINT_URL
aws() { command aws --endpoint-url "$gateway" --output text "$@"; }

for _ in $(seq 300); do
  ! curl -s -o /dev/null --noproxy '*' "$moto/moto-api/" || break
  sleep 0.1
done
# Functions answer without a container.
curl -sS -o /dev/null --noproxy '*' -X POST "$moto/moto-api/config" -d '{"lambda": {"use_docker": false}}'
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# An administrator sets things up.
aws s3api create-bucket --bucket shop-invoices >&2
aws iam create-user --user-name alice >&2
read -r key_id key_secret < <(aws iam create-access-key --user-name alice --query 'AccessKey.[AccessKeyId,SecretAccessKey]')
aws iam create-role --role-name operator --assume-role-policy-document '{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user/alice"}, "Action": "sts:AssumeRole"}]}' >&2
group=$(aws ec2 create-security-group --group-name web --description "the web shop" --query GroupId)
aws ec2 authorize-security-group-ingress --group-id "$group" --protocol tcp --port 22 --cidr 0.0.0.0/0 >&2
image=$(aws ec2 describe-images --owners amazon --query 'Images[0].ImageId')
instance=$(aws ec2 run-instances --image-id "$image" --instance-type t3.micro --security-group-ids "$group" --query 'Instances[0].InstanceId')

# alice opens the bucket to the world, then goes on as the role.
export AWS_ACCESS_KEY_ID=$key_id AWS_SECRET_ACCESS_KEY=$key_secret
aws s3api put-bucket-policy --bucket shop-invoices --policy '{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop-invoices/*"}]}' >&2
read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN < <(aws sts assume-role --role-arn arn:aws:iam::123456789012:role/operator \
  --role-session-name nightly --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]')
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
aws ec2 stop-instances --instance-ids "$instance" >&2
volume=$(aws ec2 create-volume --availability-zone us-east-1a --size 1 --query VolumeId)
aws ec2 create-snapshot --volume-id "$volume" >&2
printf 'def handler(event, context):\n    return event\n' > "$folder/report.py"
(cd "$folder" && python3 -m zipfile -c report.zip report.py)
aws lambda create-function --function-name report --runtime python3.11 --handler report.handler \
  --role arn:aws:iam::123456789012:role/operator --zip-file "fileb://$folder/report.zip" >&2
aws lambda invoke --function-name report "$folder/answer" >&2
aws cloudformation create-stack --stack-name queues --template-body '{"Resources": {"Orders": {"Type": "AWS::SQS::Queue"}}}' >&2
aws ec2 start-instances --instance-ids "$instance" >&2

printf '%s\n' "instance=$instance" "group=$group" "alice_key=$key_id" "session_key=$AWS_ACCESS_KEY_ID"
