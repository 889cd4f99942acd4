#include "view/session/graph.h"

#include <gtest/gtest.h>

#include "view/session/calls.h"

namespace cairn::session {

namespace {

constexpr const char* now = "2026-01-02T03:04:05Z";

Json find(const Graph& graph, const char* key, const char* at = now, const char* space = "up") {
    return graph.find(space, key, time_of(at));
}

TEST(SessionGraph, ASessionOfARoleIsRenderedAsTheServiceDoes) {
    Graph graph;
    const Calls calls(graph);
    calls.tell({.name = "AssumeRole",
                .key = "AKIAana",
                .identity = user("ana"),
                .request = R"({"roleArn":"arn:aws:iam::444455556666:role/team/ops","roleSessionName":"s1",
                               "serialNumber":"arn:aws:iam::111122223333:mfa/ana","sourceIdentity":"ana@example.com"})",
                .answer = R"({"credentials":{"accessKeyId":"ASIA1","expiration":"Jan 2, 2026, 4:04:05 AM"},
                              "assumedRoleUser":{"assumedRoleId":"AROAOPS:s1",
                                                 "arn":"arn:aws:sts::444455556666:assumed-role/ops/s1"}})"});
    EXPECT_EQ(
        to_text(find(graph, "ASIA1")),
        R"({"type":"AssumedRole","principalId":"AROAOPS:s1","arn":"arn:aws:sts::444455556666:assumed-role/ops/s1",)"
        R"("accountId":"444455556666","accessKeyId":"ASIA1","sessionContext":{"sessionIssuer":{"type":"Role",)"
        R"("principalId":"AROAOPS","arn":"arn:aws:iam::444455556666:role/team/ops","accountId":"444455556666",)"
        R"("userName":"ops"},"attributes":{"creationDate":"2026-01-02T03:04:05Z","mfaAuthenticated":"true"},)"
        R"("sourceIdentity":"ana@example.com"}})");
}

TEST(SessionGraph, EveryCallThatGivesOutAKeyIsLearnedFrom) {
    const std::string credentials = R"("credentials":{"accessKeyId":"ASIA1","expiration":1767330000})";
    const struct {
        const char *source, *name, *request;
        std::string answer;
        const char *type, *arn;
        Origin::Kind kind;
        const char* origin;
    } rows[] = {
        {"sts.amazonaws.com", "GetSessionToken", "{}", "{" + credentials + "}", "IAMUser",
         "arn:aws:iam::111122223333:user/ana", Origin::Kind::key, "ana"},
        {"sts.amazonaws.com", "GetFederationToken", R"({"name":"bob"})",
         "{" + credentials +
             R"(,"federatedUser":{"federatedUserId":"111122223333:bob","arn":"arn:aws:sts::111122223333:federated-user/bob"}})",
         "FederatedUser", "arn:aws:sts::111122223333:federated-user/bob", Origin::Kind::key, "ana"},
        {"sts.amazonaws.com", "AssumeRoot", R"({"targetPrincipal":"444455556666"})", "{" + credentials + "}", "Root",
         "arn:aws:iam::444455556666:root", Origin::Kind::key, "ana"},
        {"sts.amazonaws.com", "AssumeRoleWithWebIdentity", R"({"roleArn":"arn:aws:iam::111122223333:role/ci"})",
         "{" + credentials +
             R"(,"subjectFromWebIdentityToken":"repo:x/y","provider":"arn:aws:iam::111122223333:oidc-provider/ci.example.com",
                "assumedRoleUser":{"assumedRoleId":"AROACI:s","arn":"arn:aws:sts::111122223333:assumed-role/ci/s"}})",
         "AssumedRole", "arn:aws:sts::111122223333:assumed-role/ci/s", Origin::Kind::subject, "repo:x/y"},
        {"sts.amazonaws.com", "AssumeRoleWithSAML", R"({"roleArn":"arn:aws:iam::111122223333:role/sso"})",
         "{" + credentials +
             R"(,"subject":"carol","issuer":"https://idp.example.com",
                "assumedRoleUser":{"assumedRoleId":"AROASSO:s","arn":"arn:aws:sts::111122223333:assumed-role/sso/s"}})",
         "AssumedRole", "arn:aws:sts::111122223333:assumed-role/sso/s", Origin::Kind::subject, "carol"},
        {"sts.amazonaws.com", "AssumeRoleWithLDAPIdentity", R"({"lDAPUsername":"dora"})", "{" + credentials + "}",
         "WebIdentityUser", "", Origin::Kind::subject, "dora"},
        {"sts.amazonaws.com", "AssumeRoleWithCustomToken", R"({"roleArn":"arn:minio:iam:::role/x"})",
         "{" + credentials + R"(,"assumedUser":"eve"})", "WebIdentityUser", "", Origin::Kind::subject, "eve"},
        {"sso.amazonaws.com", "GetRoleCredentials", R"({"roleName":"Admin","accountId":"444455556666"})",
         R"({"roleCredentials":{"accessKeyId":"ASIA1","expiration":1767330000000}})", "AssumedRole", "",
         Origin::Kind::gap, ""},
        {"cognito-identity.amazonaws.com", "GetCredentialsForIdentity", R"({"identityId":"us-east-1:42"})",
         R"({"identityId":"us-east-1:42",)" + credentials + "}", "AssumedRole", "", Origin::Kind::subject,
         "us-east-1:42"},
        {"s3.amazonaws.com", "CreateSession", "{}", R"({"Credentials":{"AccessKeyId":"ASIA1"}})", "IAMUser",
         "arn:aws:iam::111122223333:user/ana", Origin::Kind::key, "ana"},
        {"eks-auth.amazonaws.com", "AssumeRoleForPodIdentity", R"({"clusterName":"blue"})",
         "{" + credentials +
             R"(,"subject":{"namespace":"shop","serviceAccount":"cart"},
                "assumedRoleUser":{"assumeRoleId":"AROAPOD:s","arn":"arn:aws:sts::111122223333:assumed-role/pod/s"}})",
         "AssumedRole", "arn:aws:sts::111122223333:assumed-role/pod/s", Origin::Kind::subject,
         "system:serviceaccount:shop:cart"},
        {"rolesanywhere.amazonaws.com", "CreateSession", "{}",
         R"({"subjectArn":"arn:aws:rolesanywhere:us-east-1:111122223333:subject/7","credentialSet":[{)" + credentials +
             R"(,"assumedRoleUser":{"assumedRoleId":"AROARA:s","arn":"arn:aws:sts::111122223333:assumed-role/ra/s"}}]})",
         "AssumedRole", "arn:aws:sts::111122223333:assumed-role/ra/s", Origin::Kind::subject,
         "arn:aws:rolesanywhere:us-east-1:111122223333:subject/7"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        Graph graph;
        Calls(graph, "up", true)
            .tell({.source = row.source,
                   .name = row.name,
                   .key = "AKIAana",
                   .identity = user("ana"),
                   .request = row.request,
                   .answer = row.answer});
        const auto identity = find(graph, "ASIA1");
        EXPECT_EQ(identity.text("type"), row.type);
        EXPECT_EQ(identity.text("arn"), row.arn);
        EXPECT_EQ(identity.text("accessKeyId"), "ASIA1");
        const auto chain = graph.chain("up", "ASIA1", std::nullopt);
        EXPECT_EQ(chain.origin.kind, row.kind) << chain.origin.gap;
        EXPECT_EQ(chain.origin.name, row.origin);
    }
}

TEST(SessionGraph, KeysAreUsersAndWhatIsKnownOfAUserLaterIsKnownOfItsKeys) {
    Graph graph;
    const Calls calls(graph);
    calls.tell({.source = "iam.amazonaws.com",
                .name = "CreateAccessKey",
                .key = "AKIAroot",
                .answer = R"({"accessKey":{"accessKeyId":"AKIA2","userName":"bob","status":"Active"}})"});
    EXPECT_EQ(find(graph, "AKIA2").text("arn"), "arn:aws:iam::111122223333:user/bob");
    calls.tell({.source = "iam.amazonaws.com",
                .name = "ListUsers",
                .key = "AKIAroot",
                .answer = R"({"users":[{"userName":"bob","userId":"AIDABOB",
                              "arn":"arn:aws:iam::111122223333:user/team/bob"}]})"});
    EXPECT_EQ(to_text(find(graph, "AKIA2")),
              R"({"type":"IAMUser","principalId":"AIDABOB","arn":"arn:aws:iam::111122223333:user/team/bob",)"
              R"("accountId":"111122223333","accessKeyId":"AKIA2","userName":"bob"})");
}

TEST(SessionGraph, TheUpstreamsOwnWordCounts) {
    Graph graph;
    const Calls calls(graph);
    calls.tell(
        {.name = "GetCallerIdentity",
         .key = "AKIA1",
         .answer = R"({"userId":"AIDA1","account":"111122223333","arn":"arn:aws:iam::111122223333:user/x/eve"})"});
    EXPECT_EQ(find(graph, "AKIA1").text("userName"), "eve");
    calls.tell(
        {.source = "iam.amazonaws.com",
         .name = "GetUser",
         .key = "AKIA2",
         .answer = R"({"user":{"userName":"dan","userId":"AIDA2","arn":"arn:aws:iam::111122223333:user/dan"}})"});
    EXPECT_EQ(find(graph, "AKIA2").text("principalId"), "AIDA2");
    calls.tell(
        {.source = "s3.amazonaws.com",
         .name = "GetObject",
         .key = "AKIA3",
         .error_message = "User: arn:aws:iam::111122223333:user/fay is not authorized to perform: s3:GetObject"});
    EXPECT_EQ(find(graph, "AKIA3").text("userName"), "fay");
    calls.tell({.source = "s3.amazonaws.com",
                .name = "GetObject",
                .key = "AKIA4",
                .error_message = "User: arn:aws:iam::111122223333:user/fay is not authorized to perform: s3:GetObject",
                .verified = false});
    EXPECT_TRUE(find(graph, "AKIA4").is_null());
    calls.tell({.source = "ec2.amazonaws.com",
                .name = "RunInstances",
                .key = "AKIA5",
                .error_message = "You are not authorized to perform this operation. User: "
                                 "arn:aws:iam::111122223333:user/gus is not authorized to perform: ec2:RunInstances"});
    EXPECT_EQ(find(graph, "AKIA5").text("userName"), "gus");
    calls.tell({.source = "iam.amazonaws.com",
                .name = "TagUser",
                .key = "AKIA6",
                .error_message = "1 validation error detected: Value 'User: arn:aws:iam::111122223333:user/fay is not "
                                 "authorized to perform' at 'userName' failed to satisfy constraint"});
    EXPECT_TRUE(find(graph, "AKIA6").is_null());
}

TEST(SessionGraph, ASessionEndsAnHourAfterItsExpiration) {
    Graph graph;
    Calls(graph).assume("AKIAana", user("ana"), "ASIA1", "ops", "s1");
    EXPECT_TRUE(find(graph, "ASIA1", "2026-01-02T03:04:04Z").is_null());
    EXPECT_FALSE(find(graph, "ASIA1", "2026-01-02T05:04:05Z").is_null());
    EXPECT_TRUE(find(graph, "ASIA1", "2026-01-02T05:04:06Z").is_null());
    const auto late = graph.chain("up", "ASIA1", time_of("2026-01-03T00:00:00Z"));
    EXPECT_TRUE(late.links.empty());
    EXPECT_NE(late.origin.gap.find("not valid then"), std::string::npos);
}

TEST(SessionGraph, RotatedKeysHaveTheirTimes) {
    Graph graph;
    const Calls calls(graph);
    const auto made = [&](const char* key, const char* user, const char* at) {
        calls.tell(
            {.source = "iam.amazonaws.com",
             .name = "CreateAccessKey",
             .key = "AKIAroot",
             .answer = R"({"accessKey":{"accessKeyId":")" + std::string(key) + R"(","userName":")" + user + R"("}})",
             .at = at});
    };
    const auto changed = [&](const char* call, const char* request, const char* at) {
        calls.tell({.source = "iam.amazonaws.com", .name = call, .key = "AKIAroot", .request = request, .at = at});
    };
    made("AKIA1", "ana", "2026-01-01T00:00:00Z");
    made("AKIA2", "ana", "2026-02-01T00:00:00Z");
    changed("UpdateAccessKey", R"({"accessKeyId":"AKIA1","status":"Inactive"})", "2026-02-02T00:00:00Z");
    EXPECT_FALSE(find(graph, "AKIA1", "2026-02-02T00:00:00Z").is_null());
    EXPECT_TRUE(find(graph, "AKIA1", "2026-02-03T00:00:00Z").is_null());
    changed("UpdateAccessKey", R"({"accessKeyId":"AKIA1","status":"Active"})", "2026-02-04T00:00:00Z");
    EXPECT_FALSE(find(graph, "AKIA1", "2026-02-05T00:00:00Z").is_null());
    EXPECT_TRUE(find(graph, "AKIA1", "2026-02-03T00:00:00Z").is_null());
    changed("DeleteAccessKey", R"({"accessKeyId":"AKIA1"})", "2026-02-06T00:00:00Z");
    EXPECT_TRUE(find(graph, "AKIA1", "2026-02-07T00:00:00Z").is_null());
    changed("DeleteUser", R"({"userName":"ana"})", "2026-03-01T00:00:00Z");
    EXPECT_TRUE(find(graph, "AKIA2", "2026-03-02T00:00:00Z").is_null());
    EXPECT_FALSE(find(graph, "AKIA2", "2026-02-20T00:00:00Z").is_null());
    made("AKIA2", "bob", "2026-04-01T00:00:00Z");  // servers that let users choose ids
    EXPECT_EQ(find(graph, "AKIA2", "2026-02-20T00:00:00Z").text("userName"), "ana");
    EXPECT_EQ(find(graph, "AKIA2", "2026-04-02T00:00:00Z").text("userName"), "bob");
}

TEST(SessionGraph, KeysOfOtherUpstreamsAreOtherKeys) {
    Graph graph;
    Calls(graph, "one").assume("AKIAana", user("ana"), "ASIA1", "ops", "s1");
    Calls(graph, "two").assume("AKIAbob", user("bob"), "ASIA1", "dev", "s2");
    EXPECT_TRUE(find(graph, "ASIA1", now, "three").is_null());
    EXPECT_EQ(find(graph, "ASIA1", now, "one").text("arn"), "arn:aws:sts::111122223333:assumed-role/ops/s1");
    EXPECT_EQ(find(graph, "ASIA1", now, "two").text("arn"), "arn:aws:sts::111122223333:assumed-role/dev/s2");
    EXPECT_EQ(graph.spaces_of("ASIA1"), (std::vector<std::string>{"one", "two"}));
}

TEST(SessionGraph, ATrailTeachesByItsRecordsAlone) {
    Graph graph;
    Calls(graph, "", true)
        .tell({.source = "ec2.amazonaws.com", .name = "RunInstances", .key = "AKIAana", .identity = user("ana")});
    EXPECT_EQ(find(graph, "AKIAana", now, "").text("userName"), "ana");
    Graph other;  // what a gateway writes is no proof of itself
    Calls(other, "up")
        .tell({.source = "ec2.amazonaws.com", .name = "RunInstances", .key = "AKIAana", .identity = user("ana")});
    EXPECT_TRUE(find(other, "AKIAana").is_null());
    EXPECT_EQ(other.chain("up", "AKIAana", std::nullopt).origin.name, "ana");
}

TEST(SessionGraph, ARecordThatComesLateMakesItsKeyOlder) {
    Graph graph;
    const Calls calls(graph, "", true);
    for (const char* at : {"2026-01-05T00:00:00Z", "2026-01-01T00:00:00Z"})
        calls.tell({.source = "ec2.amazonaws.com",
                    .name = "RunInstances",
                    .key = "AKIAana",
                    .identity = user("ana"),
                    .at = at});
    EXPECT_FALSE(find(graph, "AKIAana", "2026-01-03T00:00:00Z", "").is_null());
}

TEST(SessionGraph, AnIdThatIsEverybodysHasSoManyLivesAtMost) {
    Graph graph;
    const Calls calls(graph);
    for (int i = 0; i < 300; ++i) {
        char at[32], expires[32];
        std::snprintf(at, sizeof(at), "2026-01-%02dT%02d:00:00Z", 1 + i / 12, i % 12 * 2);
        std::snprintf(expires, sizeof(expires), "2026-01-%02dT%02d:00:10Z", 1 + i / 12, i % 12 * 2);
        calls.assume("AKIAana", user("ana"), "ASIASAME", "role" + std::to_string(i), "s", at, expires);
    }
    const auto kept = graph.keys_of([](const Origin&) { return true; }, Time::min(), Time::max());
    EXPECT_LE(kept.size(), 70u);
    EXPECT_FALSE(find(graph, "ASIASAME", "2026-01-25T22:00:05Z").is_null());
}

TEST(SessionGraph, ABusySpaceMakesRoomForItself) {
    Graph graph({.keys_max = 100});
    const Calls calls(graph);
    const auto tell = [&](const char* space, int number, int minute) {
        char at[32];
        std::snprintf(at, sizeof(at), "2026-01-02T%02d:%02d:05Z", 4 + minute / 60, minute % 60);
        const auto identity = parse_json(user("ana"));
        const auto key = "AKIA" + std::to_string(number);
        graph.learn({.space = space,
                     .event_source = "s3.amazonaws.com",
                     .event_name = "ListBuckets",
                     .account = "111122223333",
                     .event_id = "e",
                     .error_code = {},
                     .error_message = {},
                     .key_id = key,
                     .user_identity = &*identity,
                     .at = *parse_time(at),
                     .from_trail = true});
    };
    for (int i = 0; i < 10; ++i) tell("quiet", i, i);
    for (int i = 0; i < 1000; ++i) tell("busy", i, 20 + i);
    EXPECT_LE(graph.key_count(), 100u);
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(graph.spaces_of("AKIA" + std::to_string(i)), std::vector<std::string>{"quiet"});
    EXPECT_EQ(graph.spaces_of("AKIA999"), std::vector<std::string>{"busy"});
}

TEST(SessionGraph, MemoryIsBounded) {
    Graph graph({.keys_max = 100});
    const Calls calls(graph);
    calls.tell({.source = "iam.amazonaws.com",
                .name = "CreateAccessKey",
                .key = "AKIAana",
                .answer = R"({"accessKey":{"accessKeyId":"AKIA2","userName":"bob"}})"});
    for (int i = 0; i < 1000; ++i) {
        char at[32];
        std::snprintf(at, sizeof(at), "2026-01-02T%02d:%02d:05Z", 4 + i / 60, i % 60);
        calls.assume("AKIAana", user("ana"), "ASIA" + std::to_string(i), "ops", "s", at, "2026-02-01T00:00:00Z");
    }
    EXPECT_LE(graph.key_count(), 100u);
    EXPECT_GE(graph.forgotten(), 900u);
    EXPECT_FALSE(find(graph, "AKIA2", "2026-01-20T00:00:00Z").is_null()) << "sessions go first";
    EXPECT_FALSE(find(graph, "ASIA999", "2026-01-20T00:00:00Z").is_null());
    EXPECT_TRUE(find(graph, "ASIA0", "2026-01-20T00:00:00Z").is_null());
}

}  // namespace

}  // namespace cairn::session
