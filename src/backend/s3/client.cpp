#include "backend/s3/client.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "base/deadline.h"
#include "base/uuid.h"
#include "net/http_client.h"
#include "sign/digest.h"
#include "sign/sigv4.h"

namespace cairn::s3 {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t slowest_bytes_per_second = 128 * 1024;
constexpr std::size_t regions_max = 10'000;

std::uint64_t random_number() {
    std::uint64_t number = 0;
    const auto bytes = random_bytes(sizeof number);
    std::memcpy(&number, bytes.data(), sizeof number);
    return number;
}

bool succeeded(const net::Response& response) { return response.status / 100 == 2; }

}  // namespace

Client::Client(S3Options options, Address address, CredentialSource& credentials, const Clock& clock)
    : options_(std::move(options)), address_(std::move(address)), credentials_(credentials), clock_(clock) {}

void Client::give_up() {
    {
        std::lock_guard lock(mutex_);
        given_up_ = true;
    }
    wake_.notify_all();
}

std::string Client::region_of(const std::string& bucket) {
    std::lock_guard lock(mutex_);
    const auto found = regions_.find(bucket);
    return found == regions_.end() ? options_.region : found->second;
}

/// Remembers that a bucket is somewhere else; false when that is nothing new.
bool Client::moves(const Call& call, const std::string& asked, const Refusal& refusal) {
    if (call.bucket.empty() || refusal.region.empty() || refusal.region == asked) return false;
    std::lock_guard lock(mutex_);
    if (regions_.size() >= regions_max) regions_.clear();
    regions_[call.bucket] = refusal.region;
    return true;
}

bool Client::wait_before(int attempt, steady_clock::time_point begin) {
    if (attempt > options_.attempts_max) return false;
    const auto doubled = options_.back_off_least * (std::int64_t{1} << std::min(attempt - 1, 20));
    const auto most = static_cast<std::uint64_t>(std::min(doubled, options_.back_off_most).count());
    const milliseconds pause(static_cast<std::int64_t>(random_number() % (most + 1)));
    if (steady_clock::now() + pause - begin > options_.no_attempt_after) return false;
    if (Deadline::left(options_.no_attempt_after) <= pause) return false;
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, pause, [&] { return given_up_.load(); });
}

Result<net::Response> Client::send(const Call& call, const std::string& region) {
    const auto credentials = credentials_.get();
    if (!credentials) return fail(credentials.error());
    const auto destination = address_.of(call.bucket, call.key, call.query, region);
    net::OutgoingRequest request{call.method, destination.target, call.headers, call.body};
    request.headers.emplace_back("Host", destination.host);
    std::string hash = "UNSIGNED-PAYLOAD";
    if (!address_.tls()) hash = call.body_sha256_hex.empty() ? sign::sha256_hex(call.body) : call.body_sha256_hex;
    const sign::SignedParts parts{request.method, request.target, &request.headers, hash};
    const sign::Credentials key{credentials->access_key_id, credentials->secret_key, credentials->session_token};
    for (auto& header : sign::sign(parts, key, region, "s3", clock_.now(), false))
        request.headers.push_back(std::move(header));

    net::ClientOptions client;
    client.ca_file = options_.ca_file;
    client.connect_timeout = options_.connect_timeout;
    client.silence_timeout = options_.silence_timeout;
    // What comes drop by drop is silent never: no call may take for ever.
    client.timeout = std::chrono::minutes(5) + std::chrono::seconds(call.body.size() / slowest_bytes_per_second);
    client.cancel = &given_up_;
    return net::send(destination.endpoint, request, client);
}

Result<net::Response> Client::perform(const Call& call) {
    const auto begin = steady_clock::now();
    bool moved = false;
    for (int attempt = 1;; ++attempt) {
        const auto region = region_of(call.bucket);
        auto response = send(call, region);
        if (!response) {
            const bool passes = response.error().code == Code::unavailable;
            if (passes && wait_before(attempt + 1, begin)) continue;
            return response;
        }
        if (succeeded(*response)) return response;
        const auto refusal = read_refusal(*response, !call.key.empty());
        if (!moved && moves(call, region, refusal)) {
            moved = true;
            --attempt;
            continue;
        }
        if (may_be_tried_again(response->status, refusal) && wait_before(attempt + 1, begin)) continue;
        return fail(error_of(response->status, refusal));
    }
}

}  // namespace cairn::s3
