#include "backend/aws/aws_client.h"

#include <algorithm>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/deadline.h"
#include "net/http_client.h"
#include "sign/digest.h"
#include "sign/sigv4.h"

namespace cairn::aws {

namespace {

using Milliseconds = std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

struct Fault {
    std::string code, message;
};

bool is_code(std::string_view text) {
    return !text.empty() && text.size() <= 128 && text.front() >= 'A' && text.front() <= 'Z' &&
           std::ranges::all_of(text, [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
           });
}

/// "com.amazonaws.kms#NotFoundException:http://..." names NotFoundException.
std::string_view bare_code(std::string_view type) {
    type = type.substr(0, type.find(':'));
    const auto hash = type.rfind('#');
    return hash == std::string_view::npos ? type : type.substr(hash + 1);
}

Fault read_json_fault(std::string_view body) {
    const auto json = parse_json(body);
    if (!json) return {};
    const auto message = json->text("message");
    return {std::string(bare_code(json->text("__type"))),
            std::string(message.empty() ? json->text("Message") : message)};
}

Fault read_xml_fault(std::string_view body) {
    pugi::xml_document document;
    if (!document.load_buffer(body.data(), body.size())) return {};
    const auto error = document.find_node([](const auto& node) { return std::string_view(node.name()) == "Error"; });
    return {error.child("Code").text().get(), error.child("Message").text().get()};
}

bool contains(std::string_view text, std::initializer_list<std::string_view> parts) {
    return std::ranges::any_of(parts, [&](auto part) { return text.find(part) != std::string_view::npos; });
}

bool asks_to_slow_down(int status, std::string_view code) {
    return status == 429 || contains(code, {"Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown"});
}

/// The code says more than the status: services that speak JSON answer nearly everything with 400.
Code kind_of(int status, std::string_view code) {
    if (status >= 500 || asks_to_slow_down(status, code)) return Code::unavailable;
    if (contains(code, {"NotFound"})) return Code::not_found;
    if (contains(code, {"AlreadyExists", "Disabled", "InvalidState"})) return Code::conflict;
    const bool not_let_in =
        contains(code, {"AccessDenied", "Authorization", "UnrecognizedClient", "InvalidClientTokenId", "Signature",
                        "ExpiredToken", "MissingAuthenticationToken", "NotAuthorized", "OptInRequired"});
    if (not_let_in || status == 401 || status == 403) return Code::denied;
    return status == 404 ? Code::not_found : status == 409 ? Code::conflict : Code::invalid;
}

std::string region_of_arn(std::string_view arn) {
    for (int i = 0; i < 3; ++i) arn.remove_prefix(std::min(arn.find(':'), arn.size() - 1) + 1);
    return std::string(arn.substr(0, arn.find(':')));
}

Milliseconds pause_after(int failures, Milliseconds least) {
    thread_local std::minstd_rand random{std::random_device{}()};
    const auto whole = std::max<std::int64_t>(least.count(), 1) << std::min(failures - 1, 16);
    return Milliseconds(whole - std::uniform_int_distribution<std::int64_t>(0, whole / 2)(random));
}

}  // namespace

Error error_of_answer(int status, std::string_view type_header, std::string_view body) {
    const bool is_xml = body.starts_with('<');
    auto fault = is_xml ? read_xml_fault(body) : read_json_fault(body);
    if (!type_header.empty()) fault.code = bare_code(type_header);
    if (!is_code(fault.code)) return {kind_of(status, ""), fmt::format("the service answered with status {}", status)};
    return {kind_of(status, fault.code), fmt::format("{}: {}", fault.code, fault.message)};
}

AwsClient::AwsClient(ServiceAddress address, CredentialSource& credentials, const Clock& clock, Patience patience)
    : address_(std::move(address)), credentials_(credentials), clock_(clock), patience_(patience) {
    const std::string_view endpoint = address_.endpoint;
    const auto scheme = endpoint.find("://");
    const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
    const auto path = std::min(endpoint.find('/', host), endpoint.size());
    origin_ = endpoint.substr(0, path);
    authority_ = endpoint.substr(host, path - host);
    path_ = endpoint.substr(path);
    if (!path_.ends_with('/')) path_ += '/';
}

Result<Json> AwsClient::json_call(std::string_view arn, const std::string& target, const Json& input) const {
    const auto answer =
        send(arn, {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", target}}, to_text(input));
    if (!answer) return fail(answer.error());
    if (answer->empty()) return Json(JsonObject{});
    auto json = parse_json(*answer);
    if (!json)
        return fail(Code::unavailable,
                    fmt::format("{}: {} was answered with something that is not JSON", address_.endpoint, target));
    return json;
}

Result<std::string> AwsClient::query_call(std::string_view arn, const std::string& form) const {
    return send(arn, {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}, form);
}

Result<std::string> AwsClient::send(std::string_view arn, net::Headers headers, const std::string& body) const {
    const auto region = address_.region.empty() ? region_of_arn(arn) : address_.region;
    headers.emplace_back("Host", authority_);
    const auto end = Steady::now() + Deadline::left(patience_.total);
    for (int failures = 0;;) {
        const auto left = std::chrono::duration_cast<Milliseconds>(end - Steady::now());
        bool again = false;
        auto answer =
            attempt(region, headers, body, std::clamp(left, Milliseconds(1), patience_.attempt_timeout), again);
        if (answer || !again || ++failures >= patience_.attempts) return answer;
        const auto pause = pause_after(failures, patience_.least_pause);
        const bool given_up = patience_.give_up && patience_.give_up->load();
        if (given_up || Steady::now() + pause >= end) return answer;
        std::this_thread::sleep_for(pause);
    }
}

Result<std::string> AwsClient::attempt(const std::string& region, const net::Headers& headers, const std::string& body,
                                       Milliseconds timeout, bool& again) const {
    auto credentials = credentials_.get();
    if (!credentials) return fail(std::move(credentials).error());
    net::OutgoingRequest request{"POST", path_, headers, body};
    const auto hash = sign::sha256_hex(body);
    const auto added = sign::sign({request.method, request.target, &request.headers, hash},
                                  {credentials->access_key_id, credentials->secret_key, credentials->session_token},
                                  region, address_.service, clock_.now());
    request.headers.insert(request.headers.end(), added.begin(), added.end());
    net::ClientOptions options;
    options.ca_file = address_.ca_file;
    options.connect_timeout = std::min(timeout, patience_.connect_timeout);
    options.timeout = timeout;
    options.cancel = patience_.give_up;
    auto answer = net::send(origin_, request, options);
    if (!answer) {
        again = answer.error().code == Code::unavailable;
        return fail(std::move(answer).error());
    }
    if (answer->status / 100 == 2) return std::move(answer->body);
    auto error = error_of_answer(answer->status, answer->find("x-amzn-errortype"), answer->body);
    again = error.code == Code::unavailable;
    return fail(std::move(error));
}

}  // namespace cairn::aws
