#pragma once

#include <expected>
#include <string>
#include <utility>

namespace cairn {

/// What went wrong, in terms a caller can act on. AWS error codes exist only in wire/ and above.
enum class Code {
    invalid,      ///< the input is wrong; the same call will fail again
    denied,       ///< the caller may not do this
    not_found,    ///< the thing named does not exist
    conflict,     ///< the thing exists already, or another writer was faster
    exhausted,    ///< a budget is spent (disk, memory, count); retry later
    unavailable,  ///< not possible now (closed, shutting down, not reachable); retry later
    corrupt,      ///< stored bytes are damaged; the message names where
    internal,     ///< a defect of cairn
};

/// The name of `code`, as logs and metrics print it.
const char* code_name(Code code);

/// A code and a message: lower case, without a full stop, naming the thing (file, offset, key). Never holds a secret.
struct Error {
    Code code = Code::internal;
    std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

/// The failing return: `return fail(Code::invalid, "...")`.
inline std::unexpected<Error> fail(Code code, std::string message) {
    return std::unexpected<Error>(Error{code, std::move(message)});
}

/// Hands an error on: `if (!found) return fail(std::move(found).error());`.
inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace cairn

/// For steps without a value: returns the error of `expression` from the calling function.
#define CAIRN_TRY(expression)                                          \
    do {                                                               \
        if (auto cairn_try_result = (expression); !cairn_try_result)   \
            return ::cairn::fail(std::move(cairn_try_result).error()); \
    } while (false)
