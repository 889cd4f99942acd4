#include "gateway/record_maker.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/uuid.h"
#include "gateway/classified_call.h"
#include "gateway/evidence.h"
#include "wire/answer_content.h"
#include "wire/authentication_errors.h"
#include "wire/body_limits.h"
#include "wire/deleted_objects.h"
#include "wire/host_name.h"
#include "wire/quoted_secrets.h"
#include "wire/request_parameters.h"
#include "wire/response_elements.h"
#include "wire/s3_address.h"

namespace cairn::gateway {

namespace {

bool verifies(wire::UpstreamProfile profile) {
    using enum wire::UpstreamProfile;
    return profile == aws || profile == minio || profile == ceph;
}

/// Under AWS's domains there are servers of its customers, too: machines, load balancers, API Gateway, functions. They
/// answer as they like, whoever the call says to be from. Names that are not AWS's are the operator's own.
bool is_customers(std::string_view host, const wire::Classified& call) {
    static constexpr std::array<std::string_view, 4> domains{".amazonaws.com", ".amazonaws.com.cn", ".api.aws",
                                                             ".on.aws"};
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> other_names{
        {{".ddb.", "dynamodb"}, {"queue.amazonaws.com", "sqs"}, {"iam.us-gov.amazonaws.com", "iam"}}};
    const auto has = [&](std::string_view part) { return host.find(part) != std::string_view::npos; };
    if (std::ranges::none_of(domains, [&](std::string_view domain) { return host.ends_with(domain); })) return false;
    if (call.is_s3()) {
        // Its label is the last: a load balancer may be called s3-x.
        auto name = wire::endpoint_of(host).prefix;
        if (name.ends_with(".dualstack")) name = name.substr(0, name.rfind('.'));
        name = name.substr(name.rfind('.') + 1);
        return !name.starts_with("s3") || name.starts_with("s3-website") ||
               call.s3.endpoint == wire::S3Endpoint::object_lambda;
    }
    if (!call.service || has(".execute-api.")) return true;
    for (const auto& [part, service] : other_names)
        if (has(part) && call.service.name() == service) return false;
    const auto services = wire::services_of_host(host);
    return std::ranges::none_of(
        services, [&](const wire::ServiceFacts& one) { return one.signing_name() == call.service.signing_name(); });
}

bool has_answer(const Call& call) { return call.outcome == Outcome::answered || call.outcome == Outcome::cut; }

wire::CallFailure failure_of(const Call& call, const wire::CallAnswer& answer) {
    switch (call.outcome) {
        case Outcome::reset: return {"ServiceUnavailable", "upstream closed the connection"};
        case Outcome::timed_out: return {"ServiceUnavailable", "upstream gave no answer in time"};
        case Outcome::unknown: return {};
        default: return call.stream_failure ? call.stream_failure : wire::call_failure(call.classified, answer);
    }
}

const Home& home_of(const RecordMakerOptions& options, std::string_view upstream) {
    static const Home nowhere{.account = "123456789012", .region = "us-east-1"};
    const auto found = options.homes.find(upstream);
    return found == options.homes.end() ? nowhere : found->second;
}

std::string new_id() { return format_uuid(random_uuid()); }

}  // namespace

Confidence confidence_of(const Call& call, const wire::CallFailure& failure, wire::UpstreamProfile profile) {
    const bool signs = call.classified.credential.scheme != wire::Credential::Scheme::anonymous;
    if (signs && wire::is_authentication_error(failure.code)) return Confidence::refused;
    // A redirection, and a call that needs no signature, say nothing of the one that was there.
    const int status = call.response.status;
    const bool looked_at = has_answer(call) && (status < 300 || status >= 400 || status == 304) &&
                           !(call.classified.operation && call.classified.operation.unsigned_by_model());
    if (!verifies(profile) || !looked_at) return Confidence::claimed;
    const bool foreign = profile == wire::UpstreamProfile::aws &&
                         is_customers(wire::plain_host(call.request.find("host")), call.classified);
    return foreign ? Confidence::foreign : Confidence::confirmed;
}

RecordMaker::RecordMaker(RecordMakerOptions options, Callers& callers, Metrics& metrics)
    : options_(std::make_shared<const RecordMakerOptions>(std::move(options))),
      callers_(callers),
      health_checks_(metrics.counter("cairn_gateway_unrecorded_calls_total", "Calls of which no record is made",
                                     {{"reason", "health"}})),
      admin_calls_(metrics.counter("cairn_gateway_unrecorded_calls_total", "Calls of which no record is made",
                                   {{"reason", "admin"}})),
      failed_authentications_(metrics.counter("cairn_gateway_unrecorded_calls_total",
                                              "Calls of which no record is made", {{"reason", "authentication"}})) {}

void RecordMaker::change(RecordMakerOptions options) {
    std::lock_guard lock(mutex_);
    options.homes.insert(options_->homes.begin(), options_->homes.end());
    options_ = std::make_shared<const RecordMakerOptions>(std::move(options));
}

std::shared_ptr<const RecordMakerOptions> RecordMaker::options() const {
    std::lock_guard lock(mutex_);
    return options_;
}

bool RecordMaker::is_left_out(const Call& call, const RecordMakerOptions& options, const Home& home, bool refused) {
    const bool first = call.part == Part::whole || call.part == Part::head;
    const auto leave_out = [first](bool wanted, Counter& counter) {
        if (wanted && first) counter.add();
        return wanted;
    };
    const auto path = call.classified.own_path;
    if (leave_out(path == wire::OwnPath::health, health_checks_)) return true;
    if (leave_out(path == wire::OwnPath::administration && !home.record_admin_paths, admin_calls_)) return true;
    return leave_out(refused && !call.classified.is_s3() && !options.record_failed_authentication,
                     failed_authentications_);
}

std::vector<GatewayRecord> RecordMaker::make(const Call& call) {
    const auto& classified = call.classified;
    const auto options = this->options();
    const auto& home = home_of(*options, call.upstream);
    const auto request_headers = wire::header_views(call.request.headers);
    const auto answer_headers = wire::header_views(call.response.headers);
    const wire::CallHead head{call.request.method, call.request.target, request_headers, {}};
    const wire::CallAnswer answer{call.response.status, answer_headers,
                                  call.response_whole ? std::string_view(call.response.body) : std::string_view(),
                                  call.response_whole};
    auto failure = failure_of(call, answer);
    failure.message = wire::without_secrets(std::move(failure.message), head, call.request.body);
    const auto confidence = confidence_of(call, failure, home.profile);
    const bool refused = confidence == Confidence::refused;
    if (is_left_out(call, *options, home, refused)) return {};

    const auto caller = callers_.caller(call.upstream, classified.credential, confidence, call.ended);
    const auto space = [&] {
        const auto& region = classified.credential.region.empty() ? home.region : classified.credential.region;
        return call.upstream + '\n' + caller.account + '\n' + region;
    };
    const PlainBody plain(classified.body, call.request_whole ? std::string_view(call.request.body) : "");
    const wire::RequestBody body{plain.bytes(), call.request_whole && plain.readable()};
    const bool own = classified.own_path != wire::OwnPath::none;
    auto parameters = own ? Json() : wire::request_parameters(head, classified, body, [&](std::string_view table) {
        return tables_.find(space(), table);
    });
    const bool unknown = call.outcome == Outcome::unknown, begun = call.part == Part::head;
    auto elements = own || unknown || (failure && !has_answer(call)) ? Json()
                    : failure                                        ? wire::failure_elements(classified, failure)
                                                                     : wire::response_elements(classified, answer);
    const bool learns = !own && !failure && !begun && has_answer(call) && confidence != Confidence::foreign &&
                        classified.operation && classified.operation.learns();
    const bool of_kms = classified.operation && classified.operation.service().name() == "kms";
    const bool answer_unseen = learns && elements.is_null();
    auto answered = answer_unseen ? wire::answered_members(classified, answer) : Json();
    if (learns) {
        const auto& told = answer_unseen ? answered : elements;
        if (classified.operation.service().name() == "dynamodb")
            for (const Json* description : {static_cast<const Json*>(&parameters), told.find("table")})
                if (description) tables_.learn(space(), *description);
        if (of_kms) aliases_.learn(space(), classified.event_name, parameters, told);
        callers_.learn({call.upstream, classified.event_source, classified.event_name,
                        caller.user_identity.text("accessKeyId"),  // as records have it, and so find it
                        &caller.user_identity, &parameters, &told, call.ended});
    }

    for (auto* const shown : {&parameters, &elements, &answered})
        *shown = options->hidden.hide(std::move(*shown), classified.event_source);
    const auto resolved = of_kms ? aliases_.resolved(space(), parameters) : Json();
    const auto identity = to_text(caller.user_identity);
    const bool body_unread = call.request_bytes > 0 && !body.whole && wire::request_bytes_kept(classified) > 0;
    const wire::ObservedCall seen{.head = head,
                                  .call = classified,
                                  .answer = answer,
                                  .request_parameters = parameters,
                                  .parameters_incomplete = body_unread,
                                  .resources_of = of_kms ? resolved : parameters,
                                  .response_elements = elements,
                                  .failure = failure,
                                  .request_bytes = call.request_bytes,
                                  .response_bytes = call.response_bytes,
                                  .ended = call.ended,
                                  .peer_address = call.request.peer_address,
                                  .tls = call.request.tls,
                                  .tls_version = call.request.tls_version,
                                  .tls_cipher = call.request.tls_cipher,
                                  .outcome_unknown = unknown};
    const wire::RecordedCaller recorded{identity, caller.account, home.region, refused};
    auto evidence = evidence_text({call.upstream, confidence, head, answer_unseen ? &answered : nullptr, unknown});
    std::vector<GatewayRecord> records;
    const auto event_id = call.event_id ? format_uuid(*call.event_id) : new_id();
    records.push_back({wire::call_record(seen, recorded, event_id), std::move(evidence)});
    if (unknown || begun) return records;
    if (classified.is_s3() && classified.operation && classified.operation.name() == "DeleteObjects" && !failure)
        for (const auto& key : wire::deleted_keys(body.bytes, wire::AnswerContent(answer).bytes()))
            records.push_back({wire::deleted_object_record(seen, recorded, key, new_id()), {}});
    return records;
}

}  // namespace cairn::gateway
