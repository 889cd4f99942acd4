#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace cairn::sign {

/// SHA-256 of what comes piece by piece.
class StreamDigest {
public:
    StreamDigest();
    StreamDigest(StreamDigest&&) noexcept;
    StreamDigest& operator=(StreamDigest&&) noexcept;
    ~StreamDigest();

    void add(std::string_view bytes);

    /// 64 lower-case hex digits; ends the digest.
    std::string hex();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::sign
