#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "support/temporary_folder.h"

namespace cairn::support {

/// A real S3 server of `.servers/bin` (`./dev setup test` builds them), on a free port of loopback with a folder of its
/// own, ended with this object. MinIO has a key service with the one key "cairn-key".
class S3Server {
public:
    static constexpr const char* access_key = "cairn-test";
    static constexpr const char* secret_key = "cairn-test-secret";

    /// `program`: "versitygw" or "minio". Error: unavailable, when it can not be started, with what it said.
    static Result<std::unique_ptr<S3Server>> start(const std::string& program);
    ~S3Server();

    const std::string& endpoint() const { return endpoint_; }

private:
    S3Server() = default;

    TemporaryFolder folder_;
    std::string endpoint_;
    int process_ = -1;
};

}  // namespace cairn::support
