// Calls of the AWS SDK for JavaScript v3: node calls.mjs S3-ENDPOINT AWS-ENDPOINT
import assert from "node:assert/strict";
import { Readable } from "node:stream";

import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import {
  CopyObjectCommand, CreateBucketCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const [s3Endpoint, awsEndpoint] = process.argv.slice(2);
const common = { region: "us-east-1", maxAttempts: 1 };
const s3 = new S3Client({ ...common, endpoint: s3Endpoint, forcePathStyle: true });
const Bucket = "sdk-js";
const oddKey = "a/b/(x)!'*~ +é&=;:@$,.txt";
const text = (command) => s3.send(command).then((answer) => answer.Body.transformToString());

await s3.send(new CreateBucketCommand({ Bucket }));
await s3.send(new PutObjectCommand({ Bucket, Key: oddKey, Body: "small", Metadata: { colour: "blue" }, ContentType: "text/plain; charset=utf-8" }));
assert.equal(await text(new GetObjectCommand({ Bucket, Key: oddKey, Range: "bytes=1-2" })), "ma");
await s3.send(new PutObjectCommand({ Bucket, Key: "3 MiB", Body: Buffer.alloc(3 << 20, "x") })); // waits for 100 Continue
await s3.send(new PutObjectCommand({ Bucket, Key: "stream", Body: Readable.from([Buffer.from("one "), Buffer.from("two")]), ContentLength: 7 }));
await new Upload({ client: s3, params: { Bucket, Key: "parts", Body: Readable.from([Buffer.alloc(6 << 20, "y")]) }, partSize: 5 << 20 }).done();
assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: "parts" }))).ContentLength, 6 << 20);
await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/stream` }));
assert.equal(await text(new GetObjectCommand({ Bucket, Key: "copy" })), "one two");
assert.equal((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 5);
await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: "none" })), { name: "NoSuchKey" });
const got = await fetch(await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "stream" })));
assert.equal(await got.text(), "one two");
const put = await fetch(await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "presigned" })), { method: "PUT", body: "by url" });
assert.equal(put.status, 200);
const deleted = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "copy" }, { Key: "presigned" }] } }));
assert.equal(deleted.Deleted.length, 2);

const aws = { ...common, endpoint: awsEndpoint };
assert.ok((await new STSClient(aws).send(new GetCallerIdentityCommand({}))).Arn);
const dynamo = new DynamoDBClient(aws);
await dynamo.send(new CreateTableCommand({
  TableName: "sdk-js", BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "id", KeyType: "HASH" }], AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
}));
await dynamo.send(new PutItemCommand({ TableName: "sdk-js", Item: { id: { S: "1" } } }));
const sqs = new SQSClient({ ...aws, useQueueUrlAsEndpoint: false });
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "sdk-js" }));
await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
await new EC2Client(aws).send(new DescribeInstancesCommand({ Filters: [{ Name: "instance-state-name", Values: ["running"] }] }));
await new CloudWatchClient(aws).send(new PutMetricDataCommand({ Namespace: "n", MetricData: [{ MetricName: "m", Value: 1 }] }));
await new LambdaClient(aws).send(new ListFunctionsCommand({}));
console.log("done");
