#include "cli/remote.h"

#include <cstdlib>

#include <fmt/format.h>

#include "backend/credentials/profile_file.h"
#include "base/json.h"
#include "base/time.h"
#include "net/http_client.h"
#include "sign/digest.h"

namespace cairn::cli {

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

std::string first_of(std::initializer_list<std::string> values) {
    for (const auto& value : values)
        if (!value.empty()) return value;
    return {};
}

Code code_of_status(int status) {
    switch (status) {
        case 401:
        case 403: return Code::denied;
        case 404: return Code::not_found;
        case 409: return Code::conflict;
        case 429:
        case 503:
        case 507: return Code::exhausted;
        default: return status >= 500 ? Code::internal : Code::invalid;
    }
}

/// "Code: message" out of an error body of either form, else the body itself.
std::string error_text(const net::Response& response) {
    if (const auto json = parse_json(response.body)) {
        const auto* error = json->find("error");
        const auto& from = error ? *error : *json;
        const auto message = from.text("message");
        const auto code = error ? from.text("code") : from.text("__type");
        if (!message.empty()) return fmt::format("{}{}{}", code, code.empty() ? "" : ": ", message);
    }
    return fmt::format("status {} {}", response.status, response.body.substr(0, 200));
}

std::string host_of(const std::string& endpoint) {
    const auto scheme = endpoint.find("://");
    const auto begin = scheme == std::string::npos ? 0 : scheme + 3;
    return endpoint.substr(begin, endpoint.find('/', begin) - begin);
}

}  // namespace

bool may_come_back(const Error& error) { return error.code == Code::unavailable || error.code == Code::exhausted; }

Result<Remote> Remote::connect(RemoteOptions options) {
    options.endpoint = first_of(
        {options.endpoint, environment("CAIRN_ENDPOINT"), environment("AWS_ENDPOINT_URL"), "http://127.0.0.1:4610"});
    while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
    options.token = options.writes ? first_of({options.token, environment("CAIRN_INGEST_TOKEN")}) : std::string();
    options.ca_file = first_of({options.ca_file, environment("AWS_CA_BUNDLE")});

    const bool named = !options.profile.empty();
    const auto profile = first_of({options.profile, environment("AWS_PROFILE"), "default"});
    const auto home = environment("HOME");
    const auto credentials_file = first_of({environment("AWS_SHARED_CREDENTIALS_FILE"), home + "/.aws/credentials"});
    auto settings = read_profile(first_of({environment("AWS_CONFIG_FILE"), home + "/.aws/config"}), profile);
    settings.merge(read_profile(credentials_file, profile));
    options.region = first_of({options.region, environment("AWS_REGION"), environment("AWS_DEFAULT_REGION"),
                               settings["region"], "us-east-1"});

    sign::Credentials credentials{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                                  environment("AWS_SESSION_TOKEN")};
    if (named || credentials.access_key_id.empty())
        credentials = {settings["aws_access_key_id"], settings["aws_secret_access_key"], settings["aws_session_token"]};
    if (credentials.access_key_id.empty() && options.token.empty())
        return fail(
            Code::invalid,
            fmt::format("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or profile \"{}\" in {}{}",
                        profile, credentials_file, options.writes ? ", or CAIRN_INGEST_TOKEN" : ""));
    return Remote(std::move(options), std::move(credentials));
}

net::Request Remote::signed_request(std::string method, std::string target, std::string body,
                                    net::Headers headers) const {
    net::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    request.headers = std::move(headers);
    request.headers.emplace_back("Host", host_of(options_.endpoint));
    if (!options_.token.empty()) {
        request.headers.emplace_back("Authorization", "Bearer " + options_.token);
        return request;
    }
    const auto body_hash = sign::sha256_hex(request.body);
    const sign::SignedParts parts{request.method, request.target, &request.headers, body_hash};
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    for (auto& header : sign::sign(parts, credentials_, options_.region, "cairn", now))
        request.headers.push_back(std::move(header));
    return request;
}

Result<net::Response> Remote::answer(std::string method, std::string target, std::string body, net::Headers headers) {
    net::ClientOptions client;
    client.ca_file = options_.ca_file;
    client.timeout = std::chrono::minutes(6);  // longer than the longest /v1/wait
    auto response =
        net::send(options_.endpoint,
                  signed_request(std::move(method), std::move(target), std::move(body), std::move(headers)), client);
    if (!response) return fail(std::move(response).error());
    if (response->status / 100 != 2) return fail(code_of_status(response->status), error_text(*response));
    return response;
}

Result<std::string> Remote::call(std::string method, std::string target, std::string body, net::Headers headers) {
    auto response = answer(std::move(method), std::move(target), std::move(body), std::move(headers));
    if (!response) return fail(std::move(response).error());
    return std::move(response->body);
}

Result<void> Remote::stream(std::string target, const std::function<bool(std::string_view)>& use) {
    net::ClientOptions client;
    client.ca_file = options_.ca_file;
    auto response =
        net::receive_stream(options_.endpoint, signed_request("GET", std::move(target), {}, {}), use, client);
    if (!response) return fail(std::move(response).error());
    if (response->status / 100 != 2) return fail(code_of_status(response->status), error_text(*response));
    return {};
}

}  // namespace cairn::cli
