#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"
#include "sign/sigv4.h"

namespace cairn::cli {

/// Where a running cairn is and who calls it. Empty members are filled in from the environment as the AWS CLI does.
struct RemoteOptions {
    std::string endpoint;  ///< --endpoint, CAIRN_ENDPOINT, AWS_ENDPOINT_URL, else http://127.0.0.1:4610
    std::string profile;   ///< --profile, AWS_PROFILE, else "default", of the shared credentials file
    std::string region;    ///< --region, AWS_REGION, AWS_DEFAULT_REGION, the profile's, else us-east-1
    std::string ca_file;   ///< --ca-bundle, AWS_CA_BUNDLE
    std::string token;     ///< when `writes`, CAIRN_INGEST_TOKEN: a bearer token instead of a signature
    bool writes = false;   ///< only writers can use a token
};

/// True for an error of a node that may be starting anew, when it was there before.
bool may_come_back(const Error& error);

/// Signed calls (signing name `cairn`) to a running node. One thread at a time.
class Remote {
public:
    /// Error: invalid, when there are no credentials, saying where they were looked for.
    static Result<Remote> connect(RemoteOptions options);

    /// The answer of a 2xx status. Blocks. Errors: unavailable, naming the endpoint; else what the answer says: denied
    /// (401, 403), not_found (404), exhausted (429, 503, 507), invalid (other 4xx), internal (5xx).
    Result<net::Response> answer(std::string method, std::string target, std::string body = {},
                                 net::Headers headers = {});

    /// The body of answer().
    Result<std::string> call(std::string method, std::string target, std::string body = {}, net::Headers headers = {});

    /// Hands the body on as it comes until the server ends or `use` returns false.
    Result<void> stream(std::string target, const std::function<bool(std::string_view)>& use);

    const std::string& endpoint() const { return options_.endpoint; }
    const std::string& region() const { return options_.region; }

private:
    Remote(RemoteOptions options, sign::Credentials credentials)
        : options_(std::move(options)), credentials_(std::move(credentials)) {}

    net::Request signed_request(std::string method, std::string target, std::string body, net::Headers headers) const;

    RemoteOptions options_;
    sign::Credentials credentials_;
};

}  // namespace cairn::cli
