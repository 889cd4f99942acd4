// Calls of the AWS SDK for Go v2: calls S3-ENDPOINT AWS-ENDPOINT
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const bucket = "sdk-go"

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func require(ok bool, what string) {
	if !ok {
		must(0, errors.New(what))
	}
}

func storage(ctx context.Context, client *s3.Client) {
	must(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)}))
	odd := "a/b/(x)!'*~ +é&=;:@$,.txt"
	put := func(key string, body io.Reader, options ...func(*s3.Options)) {
		must(client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), Body: body}, options...))
	}
	get := func(key string) string {
		answer := must(client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)}))
		return string(must(io.ReadAll(answer.Body)))
	}
	put(odd, strings.NewReader("small"))
	put("3 MiB", bytes.NewReader(bytes.Repeat([]byte("x"), 3<<20)))
	put("unsigned", strings.NewReader("payload"), s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware))
	require(get(odd) == "small", "the object is another one")

	upload := must(client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String(bucket), Key: aws.String("parts")}))
	part := must(client.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String(bucket), Key: aws.String("parts"), UploadId: upload.UploadId,
		PartNumber: aws.Int32(1), Body: strings.NewReader("part")}))
	must(client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: aws.String(bucket), Key: aws.String("parts"), UploadId: upload.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32}}}}))
	must(client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String(bucket), Key: aws.String("copy"), CopySource: aws.String(bucket + "/parts")}))
	require(get("copy") == "part", "the copy is another one")
	listed := must(client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(bucket)}))
	require(*listed.KeyCount == 5, "there are not five objects")
	_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("none")})
	var missing *types.NoSuchKey
	require(errors.As(err, &missing), "no NoSuchKey")

	url := must(s3.NewPresignClient(client).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("copy")}))
	answer := must(http.Get(url.URL))
	require(string(must(io.ReadAll(answer.Body))) == "part", "the URL has another object")
	must(client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: aws.String(bucket),
		Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("copy")}, {Key: aws.String("unsigned")}}}}))
}

func others(ctx context.Context, settings aws.Config, endpoint *string) {
	must(sts.NewFromConfig(settings, func(o *sts.Options) { o.BaseEndpoint = endpoint }).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	tables := dynamodb.NewFromConfig(settings, func(o *dynamodb.Options) { o.BaseEndpoint = endpoint })
	must(tables.CreateTable(ctx, &dynamodb.CreateTableInput{TableName: aws.String(bucket), BillingMode: dynamotypes.BillingModePayPerRequest,
		KeySchema:            []dynamotypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: dynamotypes.KeyTypeHash}},
		AttributeDefinitions: []dynamotypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: dynamotypes.ScalarAttributeTypeS}}}))
	queues := sqs.NewFromConfig(settings, func(o *sqs.Options) { o.BaseEndpoint = endpoint })
	queue := must(queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(bucket)}))
	must(queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("hello")}))
}

func main() {
	ctx := context.Background()
	settings := must(config.LoadDefaultConfig(ctx, config.WithRegion("us-east-1"), config.WithRetryMaxAttempts(1)))
	storage(ctx, s3.NewFromConfig(settings, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = aws.String(os.Args[1]), true }))
	others(ctx, settings, aws.String(os.Args[2]))
	fmt.Println("done")
}
