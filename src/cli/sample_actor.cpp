#include "cli/sample_actor.h"

#include <bit>

#include <fmt/format.h>

namespace cairn::cli {

namespace {

constexpr const char* user_names[] = {"stevenzh",  "maria.lopez", "priya.nair", "tom.becker",    "li.wei",
                                      "ana.kovac", "d.osei",      "svc-backup", "svc-monitoring"};
constexpr const char* engineers[] = {"joseph.okafor@example.com", "hanna.lind@example.com",  "ravi.menon@example.com",
                                     "claire.dubois@example.com", "yuki.tanaka@example.com", "omar.haddad@example.com"};
constexpr const char* permission_sets[] = {"AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "BillingAccess"};
constexpr const char* functions[] = {"order-processor", "thumbnail-maker", "invoice-mailer", "stock-sync"};
constexpr const char* instance_roles[] = {"app-server", "batch-worker", "bastion-host"};

constexpr const char* cli_agents[] = {
    "aws-cli/2.17.18 md/awscrt#0.20.11 ua/2.0 os/linux#5.15.0-116-generic md/arch#x86_64 lang/python#3.11.8 "
    "md/prompt#off",
    "aws-cli/2.15.30 Python/3.11.8 Darwin/23.4.0 exe/x86_64 prompt/off",
    "aws-cli/1.32.84 Python/3.10.12 Linux/6.5.0-1020-aws botocore/1.34.84",
    "Boto3/1.34.131 md/Botocore#1.34.131 ua/2.0 os/linux#6.1.0-21-amd64 md/arch#x86_64 lang/python#3.11.2",
    "APN/1.0 HashiCorp/1.0 Terraform/1.8.5 (+https://www.terraform.io) terraform-provider-aws/5.56.1 "
    "(+https://registry.terraform.io/providers/hashicorp/aws)",
};
constexpr const char* browsers[] = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Safari/605.1.15",
};
constexpr const char* sdk_agents[] = {
    "aws-sdk-go-v2/1.30.1 os/linux lang/go#1.22.4 md/GOOS#linux md/GOARCH#arm64",
    "aws-sdk-java/2.26.12 Linux/5.10.219-208.866.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/21.0.3+9-LTS Java/21.0.3",
    "aws-sdk-nodejs/2.1652.0 linux/v20.14.0 exec-env/AWS_Lambda_nodejs20.x",
};

struct Service {
    const char *name, *session;
};
constexpr Service assuming_services[] = {{"cloudformation.amazonaws.com", "AWSCloudFormation"},
                                         {"autoscaling.amazonaws.com", "AutoScaling"}};
constexpr const char* services[] = {"cloudtrail.amazonaws.com", "config.amazonaws.com", "lambda.amazonaws.com",
                                    "ec2.amazonaws.com", "delivery.logs.amazonaws.com"};

/// Addresses are of the ranges that stand for examples (RFC 5737 and RFC 3849): they belong to nobody.
std::string office_address(Draw& draw) { return fmt::format("198.51.100.{}", 10 + draw.below(12)); }

std::string home_address(std::string_view name) {
    auto fixed = draw_for(name);
    if (fixed.chance(20))
        return fmt::format("2001:db8:{:x}:{:x}::{:x}", fixed.below(65536), fixed.below(65536), 1 + fixed.below(65535));
    return fmt::format("203.0.113.{}", 1 + fixed.below(254));
}

std::string address_of_person(Draw& draw, std::string_view name) {
    if (draw.chance(4)) return fmt::format("192.0.2.{}", 1 + draw.below(254));
    return draw.chance(70) ? office_address(draw) : home_address(name);
}

std::string session_key(std::string_view account, std::string_view name, Time begin) {
    return "ASIA" + draw_for(fmt::format("{}/{}/{}", account, name, to_milliseconds(begin))).base32(16);
}

/// When a session that is used at `time` was begun: sessions last for hours, so that many events share one.
Time session_begin(std::string_view name, Time time) {
    constexpr std::int64_t session_ms = 4 * 3'600'000;
    const auto shift = static_cast<std::int64_t>(draw_for(name).below(session_ms / 1000)) * 1000;
    const auto at = to_milliseconds(time);
    return from_milliseconds((at - shift) / session_ms * session_ms + shift);
}

Json session_attributes(Time begin, bool mfa) {
    return JsonObject{{"creationDate", format_time(begin)}, {"mfaAuthenticated", mfa ? "true" : "false"}};
}

struct Role {
    std::string name, path = "/", session;
    bool mfa = false;
};

void become_role(Actor& actor, const std::string& account, const Role& role, Time time) {
    const auto begin = session_begin(role.session, time);
    const auto id = unique_id("AROA", account, role.name);
    actor.name = role.session;
    actor.arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account, role.name, role.session);
    const JsonObject issuer{{"type", "Role"},
                            {"principalId", id},
                            {"arn", fmt::format("arn:aws:iam::{}:role{}{}", account, role.path, role.name)},
                            {"accountId", account},
                            {"userName", role.name}};
    actor.identity = JsonObject{
        {"type", "AssumedRole"},
        {"principalId", id + ":" + role.session},
        {"arn", actor.arn},
        {"accountId", account},
        {"accessKeyId", session_key(account, role.name + "/" + role.session, begin)},
        {"sessionContext", JsonObject{{"sessionIssuer", issuer}, {"attributes", session_attributes(begin, role.mfa)}}}};
}

void become_user(Actor& actor, Draw& draw, const std::string& account, std::string_view name, Time time) {
    const auto begin = session_begin(name, time);
    actor.name = name;
    actor.arn = fmt::format("arn:aws:iam::{}:user/{}", account, name);
    actor.identity = JsonObject{
        {"type", "IAMUser"},
        {"principalId", unique_id("AIDA", account, name)},
        {"arn", actor.arn},
        {"accountId", account},
        {"accessKeyId", actor.console ? session_key(account, name, begin)
                                      : "AKIA" + draw_for(fmt::format("{}/{}/key", account, name)).base32(16)},
        {"userName", std::string(name)}};
    if (actor.console)
        actor.identity.set("sessionContext",
                           JsonObject{{"attributes", session_attributes(begin, draw_for(name).chance(70))}});
    actor.address = address_of_person(draw, name);
}

void become_root(Actor& actor, Draw& draw, const std::string& account, Time time) {
    const auto begin = session_begin("root", time);
    actor.name = "root";
    actor.arn = fmt::format("arn:aws:iam::{}:root", account);
    actor.identity = JsonObject{{"type", "Root"},
                                {"principalId", account},
                                {"arn", actor.arn},
                                {"accountId", account},
                                {"accessKeyId", session_key(account, "root", begin)},
                                {"sessionContext", JsonObject{{"attributes", session_attributes(begin, true)}}}};
    actor.address = home_address("root");
    actor.console = true;
    actor.agent = draw.one_of(browsers);
}

void become_engineer(Actor& actor, Draw& draw, const std::string& account, Time time) {
    const std::string engineer = draw.one_of(engineers);
    const std::string set = draw.one_of(permission_sets);
    auto fixed = draw_for(account + set);
    become_role(actor, account,
                {.name = fmt::format("AWSReservedSSO_{}_{}", set, fixed.hex(16)),
                 .path = "/aws-reserved/sso.amazonaws.com/eu-west-1/",
                 .session = engineer},
                time);
    actor.address = address_of_person(draw, engineer);
    actor.console = draw.chance(50);
    actor.agent = actor.console ? draw.one_of(browsers) : draw.one_of(cli_agents);
}

void become_machine(Actor& actor, Draw& draw, const std::string& account, const std::string& region, Time time) {
    if (actor.kind == function_role) {
        const std::string function = draw.one_of(functions);
        become_role(actor, account, {.name = function + "-role", .path = "/service-role/", .session = function}, time);
        actor.address = fmt::format("192.0.2.{}", 1 + draw.below(60));
    } else {
        const auto number = draw.below(12);
        auto fixed = draw_for(fmt::format("instance/{}/{}/{}", account, region, number));
        become_role(actor, account, {.name = instance_roles[number % 3], .session = "i-0" + fixed.hex(16)}, time);
        auto context = *actor.identity.find("sessionContext");
        context.set("ec2RoleDelivery", "2.0");
        actor.identity.set("sessionContext", std::move(context));
        actor.address = fmt::format("10.0.{}.{}", number % 4, 10 + number);
    }
    actor.agent = draw.one_of(sdk_agents);
}

/// Somebody's request, passed on by a service: the service stands in place of address and agent.
void become_passed_on(Actor& actor, Draw& draw, const std::string& account, Time time) {
    const auto& service = draw.one_of(assuming_services);
    become_role(actor, account, {.name = fmt::format("{}-service-role", service.session), .session = service.session},
                time);
    actor.identity.set("invokedBy", service.name);
    actor.address = actor.agent = service.name;
}

ActorKind draw_kind(Draw& draw, unsigned kinds) {
    const auto wanted = draw.below(static_cast<std::uint64_t>(std::popcount(kinds)));
    for (std::uint64_t i = 0; i < wanted; ++i) kinds &= kinds - 1;
    return static_cast<ActorKind>(kinds & ~(kinds - 1));
}

}  // namespace

std::string draw_browser(Draw& draw) { return draw.one_of(browsers); }

std::string_view draw_user_name(Draw& draw) { return draw.chance(25) ? user_names[0] : draw.one_of(user_names); }

std::string unique_id(std::string_view prefix, std::string_view account, std::string_view name) {
    return std::string(prefix) + draw_for(fmt::format("{}/{}/{}", prefix, account, name)).base32(17);
}

Actor draw_actor(Draw& draw, unsigned kinds, const std::string& account, const std::string& region, Time time,
                 std::string_view user) {
    Actor actor;
    actor.kind = draw_kind(draw, user.empty() ? kinds : cli_user | console_user);
    switch (actor.kind) {
        case cli_user:
        case console_user:
            actor.console = actor.kind == console_user;
            become_user(actor, draw, account, user.empty() ? draw_user_name(draw) : user, time);
            actor.agent = actor.console ? draw.one_of(browsers) : draw.one_of(cli_agents);
            break;
        case sso_user: become_engineer(actor, draw, account, time); break;
        case pipeline:
            become_role(actor, account,
                        {.name = "build-deploy", .session = fmt::format("deploy-{}", 1000 + draw.below(400))}, time);
            actor.address = fmt::format("192.0.2.{}", 200 + draw.below(8));
            actor.agent = draw.one_of(cli_agents);
            break;
        case root_user: become_root(actor, draw, account, time); break;
        case aws_service:
            actor.agent = actor.address = draw.one_of(services);
            actor.identity = JsonObject{{"type", "AWSService"}, {"invokedBy", actor.agent}};
            break;
        case through_service: become_passed_on(actor, draw, account, time); break;
        default: become_machine(actor, draw, account, region, time); break;
    }
    actor.tls = !actor.console && actor.kind != aws_service && actor.kind != through_service;
    return actor;
}

}  // namespace cairn::cli
