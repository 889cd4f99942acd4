#pragma once

#include <string>
#include <string_view>

#include "wire/call_head.h"

namespace cairn::wire {

/// `text`, which a server wrote, with "***" in the place of signatures, tokens and keys of the request that it repeats:
/// AWS answers a wrong signature with the canonical request, session token and all, and a malformed Authorization with
/// that header. One that `text` was cut in the middle of is found as well, secrets of fewer than 16 bytes are not.
/// `body`: the request's, if it is a form; may be empty.
std::string without_secrets(std::string text, const CallHead& call, std::string_view body);

}  // namespace cairn::wire
