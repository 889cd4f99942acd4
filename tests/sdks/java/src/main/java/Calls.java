import java.io.ByteArrayInputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sts.StsClient;

/** Calls of the AWS SDK for Java 2: Calls S3-ENDPOINT AWS-ENDPOINT */
public final class Calls {
    private static final String BUCKET = "sdk-java";

    private static void require(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }

    private static String text(S3Client s3, String key) throws Exception {
        try (ResponseInputStream<?> answer = s3.getObject(r -> r.bucket(BUCKET).key(key))) {
            return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void storage(S3Client s3) throws Exception {
        s3.createBucket(r -> r.bucket(BUCKET));
        String odd = "a/b/(x)!'*~ +é&=;:@$,.txt";
        s3.putObject(r -> r.bucket(BUCKET).key(odd), RequestBody.fromString("small"));
        s3.putObject(r -> r.bucket(BUCKET).key("3 MiB"), RequestBody.fromBytes(new byte[3 << 20]));
        byte[] streamed = "from a stream".getBytes(StandardCharsets.UTF_8);
        s3.putObject(r -> r.bucket(BUCKET).key("stream"), RequestBody.fromInputStream(new ByteArrayInputStream(streamed), streamed.length));
        require(text(s3, odd).equals("small"), "the object is another one");

        String upload = s3.createMultipartUpload(r -> r.bucket(BUCKET).key("parts")).uploadId();
        var part = s3.uploadPart(r -> r.bucket(BUCKET).key("parts").uploadId(upload).partNumber(1), RequestBody.fromString("part"));
        var completed = CompletedPart.builder().partNumber(1).eTag(part.eTag()).checksumCRC32(part.checksumCRC32()).build();
        s3.completeMultipartUpload(r -> r.bucket(BUCKET).key("parts").uploadId(upload).multipartUpload(m -> m.parts(completed)));
        s3.copyObject(r -> r.sourceBucket(BUCKET).sourceKey("parts").destinationBucket(BUCKET).destinationKey("copy"));
        require(text(s3, "copy").equals("part"), "the copy is another one");
        require(s3.listObjectsV2(r -> r.bucket(BUCKET)).keyCount() == 5, "there are not five objects");
        try {
            text(s3, "none");
            throw new AssertionError("no NoSuchKey");
        } catch (NoSuchKeyException expected) {
        }
        List<ObjectIdentifier> gone = List.of(ObjectIdentifier.builder().key("copy").build(), ObjectIdentifier.builder().key("stream").build());
        s3.deleteObjects(r -> r.bucket(BUCKET).delete(d -> d.objects(gone)));
    }

    public static void main(String[] arguments) throws Exception {
        var once = ClientOverrideConfiguration.builder().retryStrategy(s -> s.maxAttempts(1)).build();
        var http = UrlConnectionHttpClient.create();
        URI aws = URI.create(arguments[1]);
        storage(S3Client.builder().httpClient(http).overrideConfiguration(once).region(Region.US_EAST_1).endpointOverride(URI.create(arguments[0])).forcePathStyle(true).build());
        StsClient.builder().httpClient(http).overrideConfiguration(once).region(Region.US_EAST_1).endpointOverride(aws).build().getCallerIdentity();
        DynamoDbClient.builder().httpClient(http).overrideConfiguration(once).region(Region.US_EAST_1).endpointOverride(aws).build().createTable(r -> r.tableName(BUCKET)
            .billingMode(BillingMode.PAY_PER_REQUEST).keySchema(KeySchemaElement.builder().attributeName("id").keyType(KeyType.HASH).build())
            .attributeDefinitions(AttributeDefinition.builder().attributeName("id").attributeType(ScalarAttributeType.S).build()));
        var sqs = SqsClient.builder().httpClient(http).overrideConfiguration(once).region(Region.US_EAST_1).endpointOverride(aws).build();
        String queue = sqs.createQueue(r -> r.queueName(BUCKET).attributesWithStrings(Map.of("VisibilityTimeout", "30"))).queueUrl();
        sqs.sendMessage(r -> r.queueUrl(queue).messageBody("hello"));
        System.out.println("done");
    }
}
