#include <fmt/format.h>

#include "cli/sample_event.h"

namespace cairn::cli {

namespace {

constexpr const char* bucket_prefixes[] = {"shop-assets", "build-artifacts", "customer-exports", "access-logs"};
constexpr const char* object_folders[] = {"images", "reports/2026", "exports", "thumbnails"};
constexpr const char* tables[] = {"orders", "customers", "carts"};
constexpr const char* databases[] = {"orders-prod", "orders-staging", "reporting"};

std::string bucket_name(SampleEvent& event) {
    return fmt::format("{}-{}-{}", event.draw.one_of(bucket_prefixes), event.account.substr(8), event.region);
}

/// What S3 tells of every call. Its request ids are not UUIDs.
void s3_call(SampleEvent& event, std::int64_t bytes_in, std::int64_t bytes_out) {
    event.request_id = event.draw.base32(16);
    event.additional = JsonObject{{"SignatureVersion", "SigV4"},
                                  {"CipherSuite", "TLS_AES_128_GCM_SHA256"},
                                  {"bytesTransferredIn", bytes_in},
                                  {"AuthenticationMethod", "AuthHeader"},
                                  {"x-amz-id-2", event.draw.letters(74) + "=="},
                                  {"bytesTransferredOut", bytes_out}};
    event.actor.agent = "[" + event.actor.agent + "]";
}

Json bucket_resource(const SampleEvent& event, const std::string& bucket) {
    return JsonObject{{"accountId", event.account}, {"type", "AWS::S3::Bucket"}, {"ARN", event.arn("s3", bucket)}};
}

void create_bucket(SampleEvent& event) {
    const auto bucket = fmt::format("{}-{}", event.draw.one_of(bucket_prefixes), event.draw.hex(8));
    event.request = JsonObject{{"bucketName", bucket}, {"Host", fmt::format("s3.{}.amazonaws.com", event.region)}};
    if (event.region != "us-east-1")
        event.request.set(
            "CreateBucketConfiguration",
            JsonObject{{"LocationConstraint", event.region}, {"xmlns", "http://s3.amazonaws.com/doc/2006-03-01/"}});
    s3_call(event, 153, 0);
}

void list_buckets(SampleEvent& event) {
    event.request = JsonObject{{"Host", fmt::format("s3.{}.amazonaws.com", event.region)}};
    s3_call(event, 0, event.draw.between(500, 3000));
}

void bucket_call(SampleEvent& event, const char* part) {
    const auto bucket = bucket_name(event);
    event.request = JsonObject{
        {"bucketName", bucket}, {"Host", fmt::format("{}.s3.{}.amazonaws.com", bucket, event.region)}, {part, ""}};
    event.resources = JsonArray{bucket_resource(event, bucket)};
    s3_call(event, 0, event.draw.between(200, 900));
}

void get_bucket_acl(SampleEvent& event) { bucket_call(event, "acl"); }

void put_bucket_policy(SampleEvent& event) {
    bucket_call(event, "policy");
    const std::string bucket(event.request.text("bucketName"));
    event.request.set(
        "bucketPolicy",
        JsonObject{
            {"Version", "2012-10-17"},
            {"Statement", JsonArray{JsonObject{
                              {"Effect", "Deny"},
                              {"Principal", "*"},
                              {"Action", "s3:*"},
                              {"Resource", event.arn("s3", bucket + "/*")},
                              {"Condition", JsonObject{{"Bool", JsonObject{{"aws:SecureTransport", "false"}}}}}}}}});
}

void object_call(SampleEvent& event) {
    const auto bucket = bucket_name(event);
    const auto key = fmt::format("{}/{}.bin", event.draw.one_of(object_folders), event.draw.hex(10));
    event.category = "Data";
    event.request = JsonObject{
        {"bucketName", bucket}, {"Host", fmt::format("{}.s3.{}.amazonaws.com", bucket, event.region)}, {"key", key}};
    event.resources = JsonArray{JsonObject{{"type", "AWS::S3::Object"}, {"ARN", event.arn("s3", bucket + "/" + key)}},
                                bucket_resource(event, bucket)};
}

void get_object(SampleEvent& event) {
    object_call(event);
    s3_call(event, 0, event.draw.between(1'000, 4'000'000));
    if (event.draw.chance(25)) event.vpc_endpoint_id = event.pooled("vpce-", 2);
}

void put_object(SampleEvent& event) {
    object_call(event);
    s3_call(event, event.draw.between(1'000, 4'000'000), 0);
    event.response = JsonObject{{"x-amz-server-side-encryption", "AES256"}};
    event.additional.set("SSEApplied", "Default_SSE_S3");
}

void create_db_snapshot(SampleEvent& event) {
    const std::string database = event.draw.one_of(databases);
    const auto snapshot = fmt::format("{}-{}-{}", database, format_time(event.time).substr(0, 10), event.draw.hex(4));
    event.request = JsonObject{{"dBSnapshotIdentifier", snapshot}, {"dBInstanceIdentifier", database}};
    event.response = JsonObject{{"dBSnapshotIdentifier", snapshot},
                                {"dBInstanceIdentifier", database},
                                {"engine", "postgres"},
                                {"engineVersion", "15.7"},
                                {"allocatedStorage", 200},
                                {"status", "creating"},
                                {"port", 5432},
                                {"availabilityZone", event.region + "a"},
                                {"vpcId", event.pooled("vpc-", 2)},
                                {"instanceCreateTime", locale_time(event.time - std::chrono::days(200))},
                                {"masterUsername", "postgres"},
                                {"snapshotType", "manual"},
                                {"percentProgress", 0},
                                {"storageType", "gp3"},
                                {"encrypted", true},
                                {"dBSnapshotArn", event.arn("rds", "snapshot:" + snapshot)},
                                {"iAMDatabaseAuthenticationEnabled", false}};
}

void modify_db_instance(SampleEvent& event) {
    const std::string database = event.draw.one_of(databases);
    event.request = JsonObject{{"dBInstanceIdentifier", database},
                               {"masterUserPassword", "HIDDEN_DUE_TO_SECURITY_REASONS"},
                               {"applyImmediately", true}};
    event.response = JsonObject{{"dBInstanceIdentifier", database},
                                {"dBInstanceClass", "db.m6i.large"},
                                {"dBInstanceStatus", "available"},
                                {"dBInstanceArn", event.arn("rds", "db:" + database)},
                                {"pendingModifiedValues", JsonObject{{"masterUserPassword", "****"}}}};
}

void describe_db_instances(SampleEvent& event) {
    if (event.draw.chance(50)) event.request = JsonObject{{"dBInstanceIdentifier", event.draw.one_of(databases)}};
}

Json table_resource(const SampleEvent& event, const std::string& table) {
    return JsonArray{JsonObject{{"accountId", event.account},
                                {"type", "AWS::DynamoDB::Table"},
                                {"ARN", event.arn("dynamodb", "table/" + table)}}};
}

void item_call(SampleEvent& event, bool write) {
    const std::string table = event.draw.one_of(tables);
    event.category = "Data";
    event.api_version = "2012-08-10";
    event.request_id = event.draw.base32(52);
    event.request =
        JsonObject{{"tableName", table}, {"key", JsonObject{{"id", fmt::format("{}", event.draw.below(100'000))}}}};
    if (write) event.request.set("items", JsonArray{"id", "state", "changed"});
    event.resources = table_resource(event, table);
}

void get_item(SampleEvent& event) { item_call(event, false); }
void put_item(SampleEvent& event) { item_call(event, true); }

void describe_table(SampleEvent& event) {
    const std::string table = event.draw.one_of(tables);
    event.api_version = "2012-08-10";
    event.request_id = event.draw.base32(52);
    event.request = JsonObject{{"tableName", table}};
    event.resources = table_resource(event, table);
}

void change_record_sets(SampleEvent& event) {
    event.api_version = "2013-04-01";
    const auto zone = "Z0" + draw_for(event.account).base32(18);
    event.request = JsonObject{
        {"hostedZoneId", zone},
        {"changeBatch",
         JsonObject{
             {"changes", JsonArray{JsonObject{
                             {"action", "UPSERT"},
                             {"resourceRecordSet",
                              JsonObject{{"name", fmt::format("api-{}.example.com", event.draw.below(20))},
                                         {"type", "A"},
                                         {"tTL", 60},
                                         {"resourceRecords",
                                          JsonArray{JsonObject{
                                              {"value", fmt::format("198.51.100.{}", event.draw.below(256))}}}}}}}}}}}};
    event.response = JsonObject{{"changeInfo", JsonObject{{"id", "/change/C0" + event.draw.base32(18)},
                                                          {"status", "PENDING"},
                                                          {"submittedAt", locale_time(event.time, true)}}}};
}

constexpr Failure bucket_exists{"BucketAlreadyExists",
                                "The requested bucket name is not available. The bucket namespace is shared by all "
                                "users of the system. Please select a different name and try again."};
constexpr Failure no_key{"NoSuchKey", "The specified key does not exist."};
constexpr Failure no_bucket{"NoSuchBucket", "The specified bucket does not exist"};
constexpr Failure no_database{"DBInstanceNotFoundFault", "DBInstance reporting not found."};
constexpr Failure snapshot_exists{
    "DBSnapshotAlreadyExistsFault",
    "Cannot create the snapshot because a snapshot with the identifier orders-prod already exists."};
constexpr Failure no_table{"ResourceNotFoundException", "Requested resource not found: Table: carts not found"};
constexpr Failure condition_failed{"ConditionalCheckFailedException", "The conditional request failed"};
constexpr Failure no_record{"InvalidChangeBatch", "Tried to delete resource record set but it was not found"};

constexpr SampleKind kinds[] = {
    {"s3", "CreateBucket", false, 4, builders, false, 10, bucket_exists, create_bucket},
    {"s3", "ListBuckets", true, 10, people, false, 4, {}, list_buckets},
    {"s3", "GetBucketAcl", true, 12, people | instance_role, false, 4, no_bucket, get_bucket_acl},
    {"s3", "PutBucketPolicy", false, 3, builders, false, 10, no_bucket, put_bucket_policy},
    {"s3", "GetObject", true, 50, machines | pipeline, false, 5, no_key, get_object},
    {"s3", "PutObject", false, 25, machines | pipeline, false, 3, no_bucket, put_object},
    {"rds", "CreateDBSnapshot", false, 4, builders, false, 8, snapshot_exists, create_db_snapshot},
    {"rds", "ModifyDBInstance", false, 2, people, false, 8, no_database, modify_db_instance},
    {"rds", "DescribeDBInstances", true, 12, people | instance_role, false, 5, no_database, describe_db_instances},
    {"dynamodb", "GetItem", true, 30, machines, false, 2, no_table, get_item},
    {"dynamodb", "PutItem", false, 18, machines, false, 4, condition_failed, put_item},
    {"dynamodb", "DescribeTable", true, 8, builders | machines, false, 4, no_table, describe_table},
    {"route53", "ChangeResourceRecordSets", false, 3, builders, true, 8, no_record, change_record_sets},
};

}  // namespace

std::span<const SampleKind> data_kinds() { return kinds; }

}  // namespace cairn::cli
