#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "backend/s3/error.h"
#include "backend/s3/options.h"
#include "base/result.h"
#include "net/http.h"
#include "seam/clock.h"
#include "seam/credentials.h"

namespace cairn::s3 {

/// One operation of S3.
struct Call {
    std::string method;
    std::string bucket = {}, key = {};  ///< empty: the service, the bucket
    Query query = {};
    net::Headers headers = {};         ///< without Host and those of the signature
    std::string_view body = {};        ///< the caller's until the call is done
    std::string body_sha256_hex = {};  ///< when the caller knows it; else computed where it is needed
};

/// Signed calls to an S3 with all the patience that one call deserves. Any thread; blocks.
class Client {
public:
    /// Credentials and clock outlive it.
    Client(S3Options options, Address address, CredentialSource& credentials, const Clock& clock);

    /// The answer of a 2xx status. Whatever may pass is tried again; a bucket of another region is asked where it is.
    /// Errors: as seam/object_store.h.
    Result<net::Response> perform(const Call& call);

    /// From now on no attempt begins, and what is under way or waits ends within seconds: unavailable. For the end of
    /// the process.
    void give_up();

    const S3Options& options() const { return options_; }
    const Address& address() const { return address_; }

private:
    Result<net::Response> send(const Call& call, const std::string& region);
    std::string region_of(const std::string& bucket);
    bool moves(const Call& call, const std::string& asked, const Refusal& refusal);
    bool wait_before(int attempt, std::chrono::steady_clock::time_point begin);

    const S3Options options_;
    const Address address_;
    CredentialSource& credentials_;
    const Clock& clock_;

    std::atomic<bool> given_up_ = false;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::map<std::string, std::string> regions_;  // of buckets that are not in options_.region; guarded by mutex_
};

}  // namespace cairn::s3
