#pragma once

namespace cairn {

/// Prints `expression` with its place to standard error and aborts. Called by CAIRN_CHECK only.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace cairn

/// For our own mistakes only, on in every build. Bad input and failing devices are errors (base/result.h).
#define CAIRN_CHECK(expression) \
    ((expression) ? static_cast<void>(0) : ::cairn::check_failed(#expression, __FILE__, __LINE__))
