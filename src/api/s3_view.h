#pragma once

#include <string_view>

#include "api/context.h"
#include "api/s3_call.h"

namespace cairn::api {

/// S3 as far as cairn's embedded buckets need it (docs/api.md, "S3"): users make buckets and read what trails wrote.
class S3View {
public:
    explicit S3View(const Context& context) : context_(context) {}

    /// Answers on the pool. An unsigned request that names no bucket gets the answer to a path where nothing is.
    void handle(CallPointer call) const;

    /// What the server answers a request that it does not hand on.
    static net::Response refusal(const net::Request& head, int status, std::string_view text,
                                 std::string_view request_id);

private:
    void serve(CallPointer call) const;
    void finish(CallPointer call, const S3Call& s3, const S3Operation& operation, S3Answer answer) const;
    void refuse(CallPointer call, const S3Request* request, const wire::ApiError& error) const;

    const Context& context_;
};

}  // namespace cairn::api
