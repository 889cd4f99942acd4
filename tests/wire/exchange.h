#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "wire/call_answer.h"
#include "wire/request_parameters.h"

namespace cairn::wire {

using HeaderTexts = std::vector<std::pair<std::string, std::string>>;

/// A request and what came back.
struct Exchange {
    std::string method, target, scope;
    HeaderTexts headers = {};
    std::string body = {};
    int status = 200;
    std::string answer = {};
    HeaderTexts answer_headers = {};
    bool whole = true;
    std::string host = "gateway.example.com";

    /// What `use` makes of them; it gets the call, the answer and the parameters of the request.
    auto with(auto use) const {
        const auto signature = "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/" + scope +
                               "/aws4_request, SignedHeaders=host, Signature=00";
        std::vector<HeaderView> sent(headers.begin(), headers.end());
        sent.emplace_back("Authorization", signature);
        sent.emplace_back("Host", host);
        const CallHead call{method, target, sent, body};
        const auto classified = classify(call, {});
        const std::vector<HeaderView> answered(answer_headers.begin(), answer_headers.end());
        return use(classified, CallAnswer{status, answered, answer, whole},
                   request_parameters(call, classified, {body, true}));
    }
};

inline Exchange json_call(const std::string& scope, const std::string& target, const std::string& body = "{}") {
    return {"POST", "/", scope, {{"X-Amz-Target", target}, {"Content-Type", "application/x-amz-json-1.1"}}, body};
}

inline Exchange form_call(const std::string& scope, const std::string& body) {
    return {"POST", "/", scope, {{"Content-Type", "application/x-www-form-urlencoded"}}, body};
}

inline Exchange s3_call(const std::string& method, const std::string& target, const HeaderTexts& headers = {}) {
    return {method, target, "s3", headers};
}

inline Exchange answered(Exchange call, int status, std::string answer, HeaderTexts headers = {}) {
    call.status = status;
    call.answer = std::move(answer);
    call.answer_headers = std::move(headers);
    return call;
}

}  // namespace cairn::wire
