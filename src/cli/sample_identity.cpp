#include <fmt/format.h>

#include "cli/sample_event.h"

namespace cairn::cli {

namespace {

constexpr const char* roles[] = {"app-server", "batch-worker", "build-deploy", "audit-reader", "data-export"};
constexpr const char* new_users[] = {"intern", "contractor", "svc-report", "svc-import"};
constexpr const char* managed_policies[] = {"ReadOnlyAccess", "AmazonS3FullAccess", "AdministratorAccess",
                                            "SecurityAudit"};
constexpr const char* secrets[] = {"prod/orders/database", "prod/mail/token", "staging/orders/database"};
constexpr const char* parameters[] = {"/shop/prod/database-host", "/shop/prod/feature-flags",
                                      "/shop/staging/database-host"};
constexpr const char* trusted_services[] = {"ec2.amazonaws.com", "lambda.amazonaws.com", "ecs-tasks.amazonaws.com"};

/// As the Java runtime of these services prints session policies: one line.
std::string trust_policy(const char* service) {
    return fmt::format(
        R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{}"}},"Action":"sts:AssumeRole"}}]}})",
        service);
}

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const unsigned char byte : text)
        if (std::isalnum(byte) || byte == '-' || byte == '.' || byte == '_')
            encoded += static_cast<char>(byte);
        else
            encoded += fmt::format("%{:02X}", byte);
    return encoded;
}

void create_user(SampleEvent& event) {
    const auto name = fmt::format("{}-{}", event.draw.one_of(new_users), event.draw.below(90) + 10);
    event.request = JsonObject{{"userName", name}};
    event.response = JsonObject{{"user", JsonObject{{"path", "/"},
                                                    {"userName", name},
                                                    {"userId", unique_id("AIDA", event.account, name)},
                                                    {"arn", event.arn("iam", "user/" + name)},
                                                    {"createDate", locale_time(event.time)}}}};
}

void create_role(SampleEvent& event) {
    const auto name = fmt::format("{}-{}", event.draw.one_of(roles), event.draw.hex(4));
    const auto policy = trust_policy(event.draw.one_of(trusted_services));
    event.request =
        JsonObject{{"roleName", name}, {"assumeRolePolicyDocument", policy}, {"description", "made for the shop"}};
    event.response = JsonObject{{"role", JsonObject{{"path", "/"},
                                                    {"roleName", name},
                                                    {"roleId", unique_id("AROA", event.account, name)},
                                                    {"arn", event.arn("iam", "role/" + name)},
                                                    {"createDate", locale_time(event.time)},
                                                    {"assumeRolePolicyDocument", percent_encoded(policy)}}}};
}

void create_access_key(SampleEvent& event) {
    const std::string name(draw_user_name(event.draw));
    event.request = JsonObject{{"userName", name}};
    event.response = JsonObject{{"accessKey", JsonObject{{"userName", name},
                                                         {"accessKeyId", "AKIA" + event.draw.base32(16)},
                                                         {"status", "Active"},
                                                         {"createDate", locale_time(event.time)}}}};
}

void attach_role_policy(SampleEvent& event) {
    event.request =
        JsonObject{{"roleName", event.draw.one_of(roles)},
                   {"policyArn", fmt::format("arn:aws:iam::aws:policy/{}", event.draw.one_of(managed_policies))}};
}

void delete_access_key(SampleEvent& event) {
    event.request = JsonObject{{"userName", std::string(draw_user_name(event.draw))},
                               {"accessKeyId", "AKIA" + event.draw.base32(16)}};
}

void list_users(SampleEvent& event) { event.request = JsonObject{{"maxItems", 100}}; }

void get_user(SampleEvent& event) { event.request = JsonObject{{"userName", std::string(draw_user_name(event.draw))}}; }

void assume_role(SampleEvent& event) {
    const std::string role = event.draw.one_of(roles);
    const bool service = event.actor.kind == aws_service;
    const auto session = service ? event.pooled("i-", 12) : fmt::format("{}-{}", role, event.draw.below(1000));
    const auto arn = event.arn("iam", "role/" + role);
    event.request = JsonObject{{"roleArn", arn}, {"roleSessionName", session}, {"durationSeconds", 3600}};
    event.response = JsonObject{
        {"credentials", JsonObject{{"accessKeyId", "ASIA" + event.draw.base32(16)},
                                   {"sessionToken", event.draw.letters(220) + "=="},
                                   {"expiration", locale_time(event.time + std::chrono::hours(1), true)}}},
        {"assumedRoleUser",
         JsonObject{{"assumedRoleId", unique_id("AROA", event.account, role) + ":" + session},
                    {"arn", fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", event.account, role, session)}}}};
    event.resources = JsonArray{JsonObject{{"accountId", event.account}, {"type", "AWS::IAM::Role"}, {"ARN", arn}}};
    if (service) event.shared_event_id = event.draw.uuid();
}

void nothing(SampleEvent&) {}

Json key_resource(const SampleEvent& event, const std::string& arn) {
    return JsonArray{JsonObject{{"accountId", event.account}, {"type", "AWS::KMS::Key"}, {"ARN", arn}}};
}

std::string key_arn(const SampleEvent& event) {
    return event.arn(
        "kms", "key/" + draw_for(fmt::format("key/{}/{}/{}", event.account, event.region, event.draw.below(4))).uuid());
}

void decrypt(SampleEvent& event) {
    const auto arn = key_arn(event);
    event.request = JsonObject{
        {"encryptionAlgorithm", "SYMMETRIC_DEFAULT"},
        {"encryptionContext",
         JsonObject{{"SecretARN", event.arn("secretsmanager", std::string("secret:") + event.draw.one_of(secrets))}}}};
    event.resources = key_resource(event, arn);
}

void generate_data_key(SampleEvent& event) {
    const auto arn = key_arn(event);
    event.request = JsonObject{{"keyId", arn}, {"keySpec", "AES_256"}};
    event.resources = key_resource(event, arn);
}

void rotate_key(SampleEvent& event) {
    const auto arn = key_arn(event);
    event.event_type = "AwsServiceEvent";
    event.actor.identity = JsonObject{{"accountId", event.account}, {"invokedBy", "AWS Internal"}};
    event.actor.address = event.actor.agent = "AWS Internal";
    event.request_id.clear();
    event.service_details = JsonObject{{"keyId", arn.substr(arn.rfind('/') + 1)}};
    event.resources = key_resource(event, arn);
}

/// What all sign-in events share. They carry no request id, and the caller has no key yet.
void sign_in(SampleEvent& event) {
    event.event_type = "AwsConsoleSignIn";
    event.request_id.clear();
    if (!event.actor.console) event.actor.agent = draw_browser(event.draw);
    event.actor.console = true;
    event.actor.tls = false;
    if (event.actor.kind == sso_user) return;
    const auto identity = event.actor.identity;
    event.actor.identity = JsonObject{};
    for (const auto& [name, value] : identity.as_object())
        if (name != "sessionContext") event.actor.identity.set(name, name == "accessKeyId" ? Json("") : value);
}

void fail_console_login(SampleEvent& event) {
    event.response = JsonObject{{"ConsoleLogin", "Failure"}};
    event.error_message = "Failed authentication";
    if (event.actor.kind == sso_user || event.actor.kind == root_user) return;
    const auto identity = event.actor.identity;
    JsonObject shown{{"type", "IAMUser"}};
    if (event.draw.chance(30)) {
        event.error_message = "No username found in supplied account";
        shown.insert(
            shown.end(),
            {{"accountId", event.account}, {"accessKeyId", ""}, {"userName", "HIDDEN_DUE_TO_SECURITY_REASONS"}});
    } else {
        shown.insert(shown.end(), {{"principalId", std::string(identity.text("principalId"))},
                                   {"accountId", event.account},
                                   {"accessKeyId", ""},
                                   {"userName", event.actor.name}});
    }
    event.actor.identity = std::move(shown);
}

void console_login(SampleEvent& event) {
    sign_in(event);
    const bool fails = event.draw.chance(18);
    const bool mfa = !fails && event.actor.kind != sso_user && event.draw.chance(70);
    event.response = JsonObject{{"ConsoleLogin", "Success"}};
    event.additional = JsonObject{{"LoginTo", fmt::format("https://{}.console.aws.amazon.com/console/home?region={}",
                                                          event.region, event.region)},
                                  {"MobileVersion", "No"}};
    if (mfa) event.additional.set("MFAIdentifier", event.arn("iam", "mfa/" + event.actor.name));
    event.additional.set("MFAUsed", mfa ? "Yes" : "No");
    if (fails) fail_console_login(event);
}

void check_mfa(SampleEvent& event) {
    sign_in(event);
    event.response = JsonObject{{"CheckMfa", "Success"}};
    event.additional = JsonObject{{"MfaType", event.draw.chance(70) ? "Virtual MFA" : "U2F MFA"}};
}

void authenticate_mfa(SampleEvent& event) {
    sign_in(event);
    event.response = JsonObject{{"AuthenticateMFA", event.draw.chance(85) ? "Success" : "Failure"}};
    event.additional = JsonObject{{"MfaType", event.draw.chance(70) ? "Virtual MFA" : "U2F MFA"}};
    if (event.response.text("AuthenticateMFA") == "Failure") event.error_message = "Failed authentication";
}

void update_cost_allocation(SampleEvent& event) {
    event.event_type = "AwsConsoleAction";
    event.actor.tls = false;
    event.request = JsonObject{{"map", JsonObject{{"tagKey", event.draw.chance(50) ? "CostCenter" : "team"},
                                                  {"status", event.draw.chance(80) ? "Active" : "Inactive"}}}};
}

void get_cost_and_usage(SampleEvent& event) {
    event.request =
        JsonObject{{"timePeriod", JsonObject{{"start", format_time(event.time - std::chrono::days(30)).substr(0, 10)},
                                             {"end", format_time(event.time).substr(0, 10)}}},
                   {"granularity", "DAILY"},
                   {"metrics", JsonArray{"UnblendedCost"}}};
}

void get_secret_value(SampleEvent& event) { event.request = JsonObject{{"secretId", event.draw.one_of(secrets)}}; }

void get_parameter(SampleEvent& event) {
    const std::string name = event.draw.one_of(parameters);
    event.request = JsonObject{{"name", name}, {"withDecryption", true}};
    event.resources =
        JsonArray{JsonObject{{"accountId", event.account}, {"ARN", event.arn("ssm", "parameter" + name)}}};
}

void put_parameter(SampleEvent& event) {
    event.request = JsonObject{{"name", event.draw.one_of(parameters)},
                               {"type", "SecureString"},
                               {"value", "HIDDEN_DUE_TO_SECURITY_REASONS"},
                               {"overwrite", true}};
    event.response = JsonObject{{"version", event.draw.between(2, 40)}, {"tier", "Standard"}};
}

void lookup_events(SampleEvent& event) {
    event.request = JsonObject{
        {"maxResults", 50},
        {"lookupAttributes", JsonArray{JsonObject{{"attributeKey", "EventName"}, {"attributeValue", "ConsoleLogin"}}}}};
}

void stop_logging(SampleEvent& event) { event.request = JsonObject{{"name", event.arn("cloudtrail", "trail/main")}}; }

constexpr Failure no_entity{"NoSuchEntityException", "The user with name contractor-77 cannot be found."};
constexpr Failure user_exists{"EntityAlreadyExistsException", "User with name intern-12 already exists."};
constexpr Failure role_exists{"EntityAlreadyExistsException", "Role with name batch-worker already exists."};
constexpr Failure too_many_keys{"LimitExceededException", "Cannot exceed quota for AccessKeysPerUser: 2"};
constexpr Failure no_secret{"ResourceNotFoundException", "Secrets Manager can't find the specified secret."};
constexpr Failure no_parameter{"ParameterNotFound", "Parameter /shop/prod/database-host not found."};
constexpr Failure no_trail{"TrailNotFoundException", "Unknown trail: main"};

constexpr SampleKind kinds[] = {
    {"iam", "CreateUser", false, 3, builders, true, 12, user_exists, create_user},
    {"iam", "CreateRole", false, 5, builders | through_service, true, 8, role_exists, create_role},
    {"iam", "CreateAccessKey", false, 4, people | root_user, true, 10, too_many_keys, create_access_key},
    {"iam", "DeleteAccessKey", false, 2, people, true, 6, no_entity, delete_access_key},
    {"iam", "AttachRolePolicy", false, 5, builders | through_service, true, 8, no_entity, attach_role_policy},
    {"iam", "ListUsers", true, 10, people, true, 6, {}, list_users},
    {"iam", "GetUser", true, 8, people, true, 8, no_entity, get_user},
    {"sts", "AssumeRole", true, 70, builders | machines | aws_service, false, 3, {}, assume_role},
    {"sts", "GetCallerIdentity", true, 25, anybody, false, 0, {}, nothing},
    {"kms", "Decrypt", true, 50, builders | machines, false, 3, {}, decrypt},
    {"kms", "GenerateDataKey", true, 25, machines, false, 2, {}, generate_data_key},
    {"kms", "RotateKey", false, 1, aws_service, false, 0, {}, rotate_key},
    {"signin", "ConsoleLogin", false, 9, console_user | sso_user, false, 0, {}, console_login},
    {"signin", "ConsoleLogin", false, 1, root_user, true, 0, {}, console_login},
    {"signin", "CheckMfa", false, 4, console_user, false, 0, {}, check_mfa},
    {"signin", "AuthenticateMFA", false, 4, console_user, false, 0, {}, authenticate_mfa},
    {"billingconsole", "UpdateCostAllocation", false, 2, console_user | root_user, true, 0, {}, update_cost_allocation},
    {"ce", "GetCostAndUsage", true, 6, people, true, 6, {}, get_cost_and_usage},
    {"secretsmanager", "GetSecretValue", true, 22, builders | machines, false, 5, no_secret, get_secret_value},
    {"ssm", "GetParameter", true, 22, builders | machines, false, 5, no_parameter, get_parameter},
    {"ssm", "PutParameter", false, 4, builders, false, 5, {}, put_parameter},
    {"cloudtrail", "LookupEvents", true, 5, people, false, 4, {}, lookup_events},
    {"cloudtrail", "StopLogging", false, 1, people, false, 50, no_trail, stop_logging},
};

}  // namespace

std::span<const SampleKind> identity_kinds() { return kinds; }

}  // namespace cairn::cli
