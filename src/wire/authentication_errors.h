#pragma once

#include <string_view>

namespace cairn::wire {

/// Whether an error (errorCode of a record) says that a server did not accept who a call claims to come from: its
/// signature, its key or its token.
bool is_authentication_error(std::string_view code);

}  // namespace cairn::wire
