#include "api/ingest_call.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/ingest_format.h"
#include "api/v1.h"
#include "base/utf8.h"
#include "ingest/gateway_lines.h"

namespace cairn::api {

namespace {

constexpr std::size_t inline_bytes_max = 64 * 1024, gateway_name_bytes_max = 128;
constexpr std::string_view operation = "Ingest";
constexpr std::string_view event_source = "cairn.amazonaws.com";
constexpr std::string_view default_region = "us-east-1";  // what MinIO and Ceph take when nothing is set
constexpr std::string_view outcome_names[] = {"stored", "duplicate", "conflict", "rejected"};

struct Options {
    ResultsShown shown = ResultsShown::problems;
    Inlet inlet = Inlet::live;
    std::string gateway;
    std::optional<auditlog::Format> format;  ///< of another server's audit log; none: records
    std::string account, region;             ///< of its calls; empty: the caller's
};

std::expected<Options, V1Error> read_options(std::string_view query) {
    Options options;
    for (const auto& [name, value] : net::parse_query(query)) {
        const auto bad = [&](std::string_view known) {
            return std::unexpected(V1Error{.code = "InvalidParameter",
                                           .message = fmt::format("{} is one of {}", name.substr(0, 100), known),
                                           .field = name.substr(0, 100)});
        };
        if (name == "results") {
            if (value != "all" && value != "none" && value != "problems") return bad("problems, all, none");
            options.shown = value == "all"    ? ResultsShown::all
                            : value == "none" ? ResultsShown::none
                                              : ResultsShown::problems;
        } else if (name == "inlet") {
            if (value != "live" && value != "import" && value != "replay") return bad("live, import, replay");
            options.inlet = value == "import" ? Inlet::import : value == "replay" ? Inlet::replay : Inlet::live;
        } else if (name == "gateway") {
            if (value.empty() || value.size() > gateway_name_bytes_max || valid_utf8(value) != value)
                return bad("names of 1 to 128 bytes of UTF-8");
            options.gateway = value;
        } else if (name == "format") {
            options.format = auditlog::format_named(value);
            if (!options.format && value != "cloudtrail") return bad("cloudtrail, minio-audit, ceph-ops");
        } else if (name == "account") {
            if (value.size() != 12 || !std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; }))
                return bad("the accounts, of 12 digits");
            options.account = value;
        } else if (name == "region") {
            options.region = value;
        } else {
            return std::unexpected(
                V1Error{.code = "InvalidParameter",
                        .message = "unknown parameter; known are results, inlet, gateway, format, account and region",
                        .field = name.substr(0, 100)});
        }
    }
    if (options.format && !options.gateway.empty())
        return std::unexpected(V1Error{.code = "InvalidParameter",
                                       .message = "a gateway sends records, not another server's audit log",
                                       .field = "format"});
    return options;
}

auditlog::Home home_of(const Options& options, const Call& call) {
    return {.account = options.account.empty() ? call.caller.principal.account : options.account,
            .region = !options.region.empty()      ? options.region
                      : call.caller.region.empty() ? std::string(default_region)
                                                   : call.caller.region};
}

std::expected<ingest::Encoding, V1Error> encoding_of(const net::Request& request) {
    auto name = std::string(request.find("content-encoding"));
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    if (name == "gzip" || name == "x-gzip") return ingest::Encoding::gzip;
    if (name == "zstd") return ingest::Encoding::zstd;
    if (name.empty() || name == "identity") return ingest::detect_encoding(request.body);
    return std::unexpected(
        V1Error{.status = 415,
                .code = "UnsupportedEncoding",
                .message = "the body is encoded as " + name.substr(0, 100) + "; gzip and zstd are understood",
                .field = "Content-Encoding"});
}

// The body as it was before compression, with room for the parser behind it.
std::expected<std::string, V1Error> plain_body(net::Request& request, std::size_t bytes_max) {
    const auto encoding = encoding_of(request);
    if (!encoding) return std::unexpected(encoding.error());
    if (*encoding == ingest::Encoding::identity) {
        request.body.reserve(request.body.size() + RecordParser::padding);
        return std::move(request.body);
    }
    auto plain = ingest::decompress(request.body, *encoding, bytes_max);
    if (plain) return std::move(*plain);
    if (plain.error().code == Code::exhausted)
        return std::unexpected(
            V1Error{.status = 413,
                    .code = "BodyTooLarge",
                    .message = fmt::format("the body is longer than {} bytes when decompressed", bytes_max),
                    .field = {}});
    return std::unexpected(V1Error{.code = "InvalidBody", .message = plain.error().message, .field = {}});
}

// Records that were strings inside JSON stand outside the body: they get a buffer of their own, all in one.
std::shared_ptr<const std::string> joined(const ingest::Sliced& sliced, std::vector<std::string_view>& texts) {
    std::size_t bytes = RecordParser::padding;
    for (const auto& slice : sliced.slices) bytes += slice.text.size() + 1;
    auto buffer = std::make_shared<std::string>();
    buffer->reserve(bytes);
    for (const auto& slice : sliced.slices) {
        if (!slice.problem.empty()) continue;
        texts.emplace_back(buffer->data() + buffer->size(), slice.text.size());
        buffer->append(slice.text).push_back('\n');
    }
    return buffer;
}

void append_result(std::string& out, std::size_t index, const ingest::Slice& slice, std::string_view outcome,
                   std::string_view event_id, std::string_view reason) {
    if (out.back() != '[') out += ',';
    out += fmt::format("{{\"index\":{},\"line\":{},\"outcome\":\"{}\"", index, slice.line, outcome);
    if (!event_id.empty()) {
        out += ",\"eventID\":";
        append_json_string(out, event_id);
    }
    if (!reason.empty()) {
        out += ",\"reason\":";
        append_json_string(out, reason);
    }
    out += '}';
}

}  // namespace

std::string ingest_answer(const ingest::Sliced& sliced, const ingest::Receipt& receipt, ResultsShown shown) {
    const auto& counts = receipt.counts;
    const auto problems = static_cast<std::uint64_t>(
        std::ranges::count_if(sliced.slices, [](const ingest::Slice& slice) { return !slice.problem.empty(); }));
    auto out =
        fmt::format("{{\"read\":{},\"stored\":{},\"duplicate\":{},\"conflict\":{},\"rejected\":{}",
                    sliced.slices.size(), counts.stored, counts.duplicate, counts.conflict, counts.rejected + problems);
    if (sliced.container == ingest::Container::digest) out += ",\"note\":\"a digest file holds no events\"";
    const bool all_well = counts.conflict + counts.rejected + problems == 0;
    out += ",\"results\":[";
    if (shown == ResultsShown::all || (shown == ResultsShown::problems && !all_well)) {
        std::size_t next = 0;
        for (std::size_t i = 0; i < sliced.slices.size(); ++i) {
            const auto& slice = sliced.slices[i];
            if (!slice.problem.empty()) {
                append_result(out, i, slice, "rejected", {}, slice.problem);
                continue;
            }
            const auto& result = receipt.results[next++];
            const bool problem =
                result.outcome == ingest::Outcome::conflict || result.outcome == ingest::Outcome::rejected;
            if (problem || shown == ResultsShown::all)
                append_result(out, i, slice, outcome_names[static_cast<std::size_t>(result.outcome)], result.event_id,
                              result.reason);
        }
    }
    return out + "]}";
}

IngestCall::IngestCall(const Context& context)
    : context_(context),
      calls_(context.parts, std::string(operation)),
      bytes_(context.parts.metrics.counter("cairn_ingest_http_bytes_total", "Bytes of POST /ingest, as sent")) {
    for (std::size_t i = 0; i < std::size(outcome_names); ++i)
        outcomes_[i] =
            &context.parts.metrics.counter("cairn_ingest_http_records_total", "Records of POST /ingest, by outcome",
                                           {{"outcome", std::string(outcome_names[i])}});
}

void IngestCall::handle(CallPointer call) {
    if (call->request.body.size() <= inline_bytes_max && call->request.find("content-encoding").empty())
        return run(std::move(call));
    run_on_pool(
        context_, std::move(call), [this](CallPointer running) { run(std::move(running)); },
        [this](CallPointer refused) {
            auto response = v1_error({.status = 503,
                                      .code = "Busy",
                                      .message = "too many requests are waiting",
                                      .field = {},
                                      .retry_after_seconds = 1},
                                     refused->request_id);
            answer(context_, std::move(refused), std::move(response), operation);
        });
}

void IngestCall::run(CallPointer call) {
    const auto refuse = [&](const V1Error& error) {
        auto response = v1_error(error, call->request_id);
        answer(context_, std::move(call), std::move(response), operation);
    };
    if (call->request.method != "POST") return refuse(v1_other_method("POST"));
    if (auto known = authenticate(context_.parts, *call, {"cairn"}, true, true); !known)
        return refuse(v1_error_of(known.error()));
    auto scope = readable(*call, "cairn:Ingest");
    if (!scope) return refuse(scope.error());
    const auto options = read_options(call->request.query());
    if (!options) return refuse(options.error());
    bytes_.add(call->request.body.size());
    auto body = plain_body(call->request, context_.settings.ingest_text_bytes_max);
    if (!body) return refuse(body.error());

    std::shared_ptr<const std::string> buffer = std::make_shared<const std::string>(std::move(*body));
    auto cut = options->gateway.empty() ? ingest::GatewayLines{ingest::slice(*buffer), {}}
                                        : ingest::slice_gateway_lines(*buffer);
    auto sliced = std::make_shared<ingest::Sliced>(std::move(cut.sliced));
    std::string evidence;
    if (options->format) {
        const auto home = home_of(*options, *call);
        evidence = audit_log_evidence(*options->format, home);
        auto translated = translate(*options->format, *sliced, home);
        buffer = std::move(translated.text);
        *sliced = std::move(translated.sliced);
    }
    if (sliced->container == ingest::Container::unknown &&
        std::ranges::all_of(sliced->slices, [](const auto& slice) { return !slice.problem.empty(); }))
        return refuse({.code = "InvalidBody",
                       .message = sliced->slices.empty()
                                      ? "the body holds no records"
                                      : "the body holds no records: " + sliced->slices.front().problem,
                       .field = {}});
    std::vector<std::string_view> texts;
    auto source = buffer;
    if (!sliced->unescaped.empty()) {
        source = joined(*sliced, texts);
    } else {
        texts.reserve(sliced->slices.size());
        for (const auto& slice : sliced->slices)
            if (slice.problem.empty()) texts.push_back(slice.text);
    }

    const auto& principal = call->caller.principal;
    ingest::Writer writer;
    writer.envelope.inlet = options->inlet;
    writer.envelope.gateway = options->gateway;
    writer.envelope.evidence = std::move(evidence);
    writer.origins = std::move(cut.origins);
    writer.envelope.writer =
        principal.type == identity::PrincipalType::ingest_token ? principal.access_key_id : principal.arn;
    writer.may_write = [scope = std::move(*scope)](std::string_view account, std::string_view region) {
        return scope->admits(account, region);
    };
    context_.parts.submit(
        source, std::move(texts), std::move(writer),
        // `buffer` holds what the slices view.
        [this, buffer, sliced, shown = options->shown,
         call = std::move(call)](Result<ingest::Receipt> receipt) mutable {
            if (!receipt) {
                auto response = v1_error(v1_error_of(receipt.error(), "ingest"), call->request_id);
                return answer(context_, std::move(call), std::move(response), operation);
            }
            const auto& counts = receipt->counts;
            const std::uint64_t of[] = {counts.stored, counts.duplicate, counts.conflict, counts.rejected};
            for (std::size_t i = 0; i < std::size(of); ++i)
                if (of[i]) outcomes_[i]->add(of[i]);
            auto response = v1_answer(ingest_answer(*sliced, *receipt, shown), call->request_id);
            if (!context_.parts.store_id.empty())
                response.headers.emplace_back("x-cairn-store", context_.parts.store_id);
            if (!context_.settings.record_ingest) {
                calls_.count(*call, response);
                return call->responder->send(std::move(response));
            }
            const Json parameters = JsonObject{{"records", static_cast<std::int64_t>(sliced->slices.size())}};
            answer_and_record(context_, std::move(call), std::move(response),
                              {.event_source = event_source,
                               .event_name = operation,
                               .read_only = false,
                               .answer_first = true,
                               .parameters = &parameters},
                              {});
        });
}

}  // namespace cairn::api
