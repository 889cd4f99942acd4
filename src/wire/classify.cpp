#include "wire/classify.h"

#include <algorithm>
#include <array>
#include <optional>

#include "net/http.h"
#include "wire/call_name.h"
#include "wire/host_name.h"
#include "wire/path_matcher.h"
#include "wire/post_form.h"
#include "wire/s3_operation.h"

namespace cairn::wire {

namespace {

bool is_s3_scope(std::string_view scope) {
    return scope == "s3" || scope == "s3express" || scope == "s3-object-lambda" || scope == "s3-outposts";
}

bool is_s3(ServiceFacts service) { return service && service.name() == "s3"; }

bool is_rest(ServiceFacts service) {
    return service.has(WireProtocol::rest_json) || service.has(WireProtocol::rest_xml);
}

bool is_query(ServiceFacts service) { return service.has(WireProtocol::query) || service.has(WireProtocol::ec2); }

bool is_form(const CallHead& call) {
    return call.find("content-type").starts_with("application/x-www-form-urlencoded");
}

bool is_upload_form(const CallHead& call) { return call.find("content-type").starts_with("multipart/form-data"); }

/// What "api/NAME#VERSION" of a User-Agent names; SDKs write the service's id there. Anybody may write anything.
std::string_view hinted_service(const CallHead& call) {
    const auto agent = call.find("user-agent");
    const auto at = agent.find("api/");
    if (at == std::string_view::npos || (at > 0 && agent[at - 1] != ' ')) return {};
    const auto name = agent.substr(at + 4);
    return name.substr(0, name.find_first_of("# "));
}

/// Whether two names of a service are the same but for case and what stands between words.
bool same_words(std::string_view one, std::string_view other) {
    const auto plain = [](std::string_view text) {
        std::string out;
        for (const char c : text)
            if (c != ' ' && c != '-' && c != '_') out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
        return out;
    };
    return plain(one) == plain(other);
}

class Classifier {
public:
    Classifier(const CallHead& call, const ClassifyOptions& options)
        : call_(call),
          options_(options),
          query_(Parameters::of_query(call.query())),
          host_(plain_host(call.find("host"))) {}

    Classified run() {
        read_forms();
        out_.credential = read_credential(call_, query_, form_);
        out_.body = read_body_form(call_);
        out_.own_path = own_path(options_.profile, call_.path());
        if (out_.own_path != OwnPath::none) {
            name_own_path();
            return std::move(out_);
        }
        find_candidates();
        if (!rpc_call() && !target_call() && !action_call() && !s3_call() && !rest_call()) unknown_call();
        return std::move(out_);
    }

private:
    void read_forms();
    void find_candidates();
    bool rpc_call();
    bool target_call();
    bool action_call();
    bool s3_call();
    bool rest_call();
    bool unsigned_call();
    void unknown_call();
    void name_own_path();

    ServiceFacts service_of_target(std::string_view prefix, std::string_view operation, WireProtocol protocol) const;
    ServiceFacts service_of_action(std::string_view action) const;
    bool better_hinted(const PathMatch& one, const PathMatch& other) const;
    std::optional<PathMatch> best_path(const auto& services) const;

    void found(ServiceFacts service, OperationFacts operation, CallProtocol protocol);
    void named(ServiceFacts service, std::string name, CallProtocol protocol);
    std::string source_of(ServiceFacts service) const;

    const std::string& scope() const { return out_.credential.service; }

    const CallHead& call_;
    const ClassifyOptions& options_;
    Parameters query_, form_;
    std::optional<PostForm> upload_;
    std::string host_;
    ServiceList candidates_;
    bool s3_ = false;  ///< signed for S3, or nothing says that it is for another service
    S3Host s3_host_;
    Classified out_;
};

void Classifier::read_forms() {
    if (call_.method != "POST") return;
    if (is_form(call_)) form_ = Parameters::of_query(call_.body);
    if (is_upload_form(call_)) {
        upload_ = read_post_form(call_.find("content-type"), call_.body);
        form_ = Parameters::of_fields(upload_->fields);
    }
}

void Classifier::find_candidates() {
    s3_host_ = read_s3_host(host_, options_.endpoint_names);
    if (!scope().empty()) {
        candidates_ = services_of_scope(scope());
        s3_ = is_s3_scope(scope());
        return;
    }
    if (!s3_host_.known) {
        candidates_ = services_of_host(host_);
        if (candidates_.empty()) candidates_ = services_of_scope(options_.default_service);
    }
    s3_ = candidates_.empty() || std::ranges::any_of(std::array{candidates_.front()}, is_s3);
}

ServiceFacts Classifier::service_of_target(std::string_view prefix, std::string_view operation,
                                           WireProtocol protocol) const {
    ServiceFacts best;
    int best_score = -1;
    for (const auto service : services_of_target(prefix)) {
        const int score =
            4 * static_cast<bool>(service.find(operation)) + 2 * service.signs_as(scope()) + service.has(protocol);
        if (score > best_score) best = service, best_score = score;
    }
    return best;
}

/// POST .../service/PREFIX/operation/NAME (Smithy RPC v2).
bool Classifier::rpc_call() {
    const auto version = call_.find("smithy-protocol");
    if (version.empty() || call_.method != "POST" || is_s3_scope(scope())) return false;
    const bool cbor = version == "rpc-v2-cbor";
    if (!cbor && version != "rpc-v2-json") return false;
    auto path = call_.path();
    constexpr std::string_view operation_mark = "/operation/", service_mark = "/service/";
    const auto operation_at = path.rfind(operation_mark);
    if (operation_at == std::string_view::npos) return false;
    const auto operation = path.substr(operation_at + operation_mark.size());
    path = path.substr(0, operation_at);
    const auto service_at = path.rfind(service_mark);
    if (service_at == std::string_view::npos) return false;
    const auto prefix = path.substr(service_at + service_mark.size());
    const auto service = service_of_target(prefix, operation, cbor ? WireProtocol::rpc_cbor : WireProtocol::rpc_json);
    const auto protocol = cbor ? CallProtocol::rpc_cbor : CallProtocol::rpc_json;
    const auto facts = service ? service.find(operation) : OperationFacts();
    if (facts)
        found(service, facts, protocol);
    else
        named(service               ? service
              : candidates_.empty() ? ServiceFacts()
                                    : candidates_.front(),
              given_name(operation), protocol);
    return true;
}

/// X-Amz-Target: PREFIX.NAME. Not where S3 may be meant, which does not look at that header: a name in it would hide
/// the call that S3 sees.
bool Classifier::target_call() {
    const auto target = call_.find("x-amz-target");
    const auto path = call_.path();
    if (target.empty() || call_.method != "POST" || (path != "/" && !path.empty())) return false;
    if (is_s3_scope(scope()) || upload_ || (s3_host_.known && !s3_host_.bucket.empty())) return false;
    const auto dot = target.rfind('.');
    const auto prefix = target.substr(0, dot == std::string_view::npos ? 0 : dot);
    const auto operation = target.substr(dot == std::string_view::npos ? 0 : dot + 1);
    const auto protocol = call_.find("content-type").starts_with("application/x-amz-json-1.0") ? CallProtocol::json_1_0
                                                                                               : CallProtocol::json_1_1;
    const auto service = service_of_target(prefix, operation, WireProtocol::json);
    const auto facts = service ? service.find(operation) : OperationFacts();
    if (facts)
        found(service, facts, protocol);
    else
        named(service               ? service
              : candidates_.empty() ? ServiceFacts()
                                    : candidates_.front(),
              given_name(operation), protocol);
    return true;
}

/// Which service's action it is. Several services share a scope or a version of their API; where they share all, the
/// one that the scope is called after is meant.
ServiceFacts Classifier::service_of_action(std::string_view action) const {
    const auto version = (form_.has("Version") ? form_ : query_).text("Version").value_or("");
    ServiceFacts best;
    int best_score = -1;
    const auto consider = [&](ServiceFacts service, bool must_have) {
        if (!is_query(service)) return;
        const bool has = static_cast<bool>(service.find(action));
        if (must_have && !has) return;
        const int score = 4 * has + 2 * (service.api_version() == version) + (service.name() == service.signing_name());
        if (score > best_score) best = service, best_score = score;
    };
    if (!s3_)
        for (const auto service : candidates_) consider(service, false);
    if (best) return best;
    for (const auto service : services_of_version(version)) consider(service, true);
    if (best || !s3_) return best;
    for (const auto name : {"sts", "iam", "sns"})
        consider(find_service(name), true);  // MinIO's and Ceph's, on S3's endpoint
    return best;
}

/// Action=NAME in a form or query. An S3 server has such actions on "/" only.
bool Classifier::action_call() {
    const auto& parameters = form_.has("Action") ? form_ : query_;
    if (upload_ || !parameters.has("Action")) return false;
    if (s3_ && (call_.path() != "/" || (call_.method != "POST" && !parameters.has("Version")))) return false;
    const auto action = *parameters.text("Action");
    const auto service = service_of_action(action);
    if (!service) return false;
    const auto protocol = service.has(WireProtocol::ec2) ? CallProtocol::ec2 : CallProtocol::query;
    if (const auto facts = service.find(action))
        found(service, facts, protocol);
    else
        named(service, given_name(action), protocol);
    return true;
}

bool Classifier::s3_call() {
    if (!s3_) return false;
    if (!scope().empty() && rest_call()) return true;  // S3 Control and S3 on Outposts, by paths that no bucket has
    if (scope().empty() && unsigned_call()) return true;
    out_.s3 = read_s3_address(s3_host_, call_.path());
    if (upload_ && out_.s3.key.empty()) out_.s3.key = upload_->key();
    const auto name = s3_operation(call_, query_, upload_ ? S3Address{out_.s3.bucket, {}, out_.s3.endpoint} : out_.s3);
    const auto service = find_service("s3");
    if (name == "WriteGetObjectResponse") out_.s3 = {};
    if (const auto facts = service.find(name)) {
        found(service, facts, CallProtocol::s3);
        const auto endpoint = out_.s3.endpoint;
        const bool plain = endpoint == S3Endpoint::general && (scope().empty() || scope() == "s3");
        if (name == "ListObjectsV2" && !plain) out_.event_name = name;
        return true;
    }
    const auto* const what = out_.s3.key.empty() ? "Bucket" : "Object";
    named(service, name.empty() ? given_name(call_.method) + what : std::string(name), CallProtocol::s3);
    if (name == "PostObject") out_.data_type = "AWS::S3::Object";
    if (name == "PreflightRequest") out_.read_only = true;
    return true;
}

/// Of two that fit equally well: what Host and User-Agent say, then which is newer.
bool Classifier::better_hinted(const PathMatch& one, const PathMatch& other) const {
    const auto hints = [&](const PathMatch& match) {
        const auto service = match.operation.service();
        return 2 * (endpoint_of(host_).prefix.ends_with(service.endpoint_prefix())) +
               same_words(service.id(), hinted_service(call_));
    };
    const int mine = hints(one), theirs = hints(other);
    return mine != theirs ? mine > theirs : one.age < other.age;
}

std::optional<PathMatch> Classifier::best_path(const auto& services) const {
    std::optional<PathMatch> best;
    for (const ServiceFacts service : services) {
        if (is_s3(service) || !is_rest(service)) continue;
        const auto match = match_path(service, call_, query_);
        if (!match) continue;
        if (!best || *match > *best || (match->equally_good(*best) && better_hinted(*match, *best))) best = match;
    }
    return best;
}

bool Classifier::rest_call() {
    const auto match = best_path(candidates_);
    if (!match) return false;
    const auto service = match->operation.service();
    found(service, match->operation,
          service.has(WireProtocol::rest_xml) ? CallProtocol::rest_xml : CallProtocol::rest_json);
    return true;
}

/// Signing in comes before there is anything to sign with. Its calls look like none of S3's: a bearer token of their
/// own, or a POST that is no upload.
bool Classifier::unsigned_call() {
    if (out_.credential.scheme != Credential::Scheme::anonymous) return false;
    if (!call_.has("x-amz-sso_bearer_token") && (call_.method != "POST" || upload_)) return false;
    const std::array services{find_service("sso"), find_service("sso-oidc"), find_service("signin")};
    const auto match = best_path(services);
    if (!match || !match->operation.unsigned_by_model()) return false;
    found(match->operation.service(), match->operation, CallProtocol::rest_json);
    return true;
}

void Classifier::unknown_call() {
    const auto service = candidates_.empty() ? ServiceFacts() : candidates_.front();
    auto action = (form_.has("Action") ? form_ : query_).text("Action");
    if (action && !upload_)
        named(service, given_name(*action), CallProtocol::query);
    else
        named(service, path_name(call_.method, call_.path()), CallProtocol::unknown);
}

void Classifier::name_own_path() {
    out_.event_source = own_event_source(options_.profile);
    out_.event_name = path_name(call_.method, call_.path());
    out_.read_only = sounds_read_only(out_.event_name);
}

void Classifier::found(ServiceFacts service, OperationFacts operation, CallProtocol protocol) {
    out_.service = service;
    out_.operation = operation;
    out_.protocol = protocol;
    out_.event_source = source_of(service);
    out_.event_name = operation.event_name();
    out_.read_only = operation.read_only();
    out_.data_type = operation.data_type();
}

void Classifier::named(ServiceFacts service, std::string name, CallProtocol protocol) {
    out_.service = service;
    out_.protocol = protocol;
    out_.event_source = source_of(service);
    out_.event_name = name.empty() ? path_name(call_.method, call_.path()) : std::move(name);
    out_.read_only = sounds_read_only(out_.event_name);
}

std::string Classifier::source_of(ServiceFacts service) const {
    if (service) return std::string(service.event_source(scope()));
    auto source = given_name(scope());
    source = (source.empty() ? "unknown" : source) + ".amazonaws.com";
    std::ranges::transform(source, source.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return source;
}

}  // namespace

std::string_view protocol_name(CallProtocol protocol) {
    switch (protocol) {
        case CallProtocol::json_1_0: return "json-1.0";
        case CallProtocol::json_1_1: return "json-1.1";
        case CallProtocol::query: return "query";
        case CallProtocol::ec2: return "ec2";
        case CallProtocol::rest_json: return "rest-json";
        case CallProtocol::rest_xml: return "rest-xml";
        case CallProtocol::s3: return "s3";
        case CallProtocol::rpc_cbor: return "rpc-v2-cbor";
        case CallProtocol::rpc_json: return "rpc-v2-json";
        case CallProtocol::unknown: break;
    }
    return "unknown";
}

Classified classify(const CallHead& call, const ClassifyOptions& options) { return Classifier(call, options).run(); }

bool classification_needs_body(const CallHead& call) {
    return call.method == "POST" && (is_form(call) || is_upload_form(call));
}

}  // namespace cairn::wire
