#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "net/http.h"
#include "seam/clock.h"
#include "seam/credentials.h"

namespace cairn::aws {

/// One service behind one address.
struct ServiceAddress {
    std::string service;   ///< as signatures name it: "sns", "logs", "kms"
    std::string endpoint;  ///< "https://sns.us-east-1.amazonaws.com"; a path in it is kept
    std::string region;    ///< that requests are signed for; empty: that of the ARN which each call is about
    std::string ca_file;   ///< PEM to trust besides the system's; empty: none
};

/// How long a call may take. Another attempt is made when there was no answer, the service asks to slow down, or it
/// failed itself (status 5xx), after a pause that doubles and of which a random half is left out.
struct Patience {
    int attempts = 4;
    std::chrono::milliseconds least_pause{100};
    std::chrono::milliseconds connect_timeout{3'000};
    std::chrono::milliseconds attempt_timeout{10'000};
    std::chrono::milliseconds total{15'000};     ///< of all attempts and pauses
    const std::atomic<bool>* give_up = nullptr;  ///< once true, what is under way ends within a second or so
};

/// Signed calls to a service that speaks JSON 1.1 or the query protocol. Any thread; calls block.
/// Errors: not_found, denied, conflict, invalid, unavailable, by the service's code and status; the message begins with
/// that code and ": ", unless there was no answer; those of the credentials.
class AwsClient {
public:
    /// Credentials and clock outlive it.
    AwsClient(ServiceAddress address, CredentialSource& credentials, const Clock& clock, Patience patience = {});

    /// `target` names the operation, as "TrentService.DescribeKey". `arn` is what the call is about.
    Result<Json> json_call(std::string_view arn, const std::string& target, const Json& input) const;

    /// `form` is the body: "Action=Publish&...". The answer is XML.
    Result<std::string> query_call(std::string_view arn, const std::string& form) const;

private:
    Result<std::string> send(std::string_view arn, net::Headers headers, const std::string& body) const;
    Result<std::string> attempt(const std::string& region, const net::Headers& headers, const std::string& body,
                                std::chrono::milliseconds timeout, bool& again) const;

    const ServiceAddress address_;
    CredentialSource& credentials_;
    const Clock& clock_;
    const Patience patience_;
    std::string origin_, authority_, path_;  ///< of the endpoint
};

/// What an answer that is not 2xx says. `body` is JSON or XML; `type_header` is x-amzn-ErrorType.
Error error_of_answer(int status, std::string_view type_header, std::string_view body);

}  // namespace cairn::aws
