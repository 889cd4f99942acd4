#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::trail {

/// How the first gzip member (RFC 1952) of an object ended.
enum class MemberEnd {
    whole,     ///< at the end of the bytes
    trailing,  ///< before it: something follows
    cut,       ///< the bytes end inside the member
    damaged,   ///< it is no gzip, or its checksum does not fit
};

/// Hands on what the member holds, piece by piece; the memory it takes does not depend on the size.
MemberEnd inflate_member(std::string_view bytes, const std::function<void(std::string_view)>& use);

/// The content at once. Error: exhausted, beyond `bytes_max`.
struct InflatedMember {
    MemberEnd end = MemberEnd::damaged;
    std::string content;
};
Result<InflatedMember> inflate_member(std::string_view bytes, std::size_t bytes_max);

}  // namespace cairn::trail
