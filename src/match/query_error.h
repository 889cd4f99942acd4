#pragma once

#include <cstddef>
#include <string>

namespace cairn::match {

/// Where a query text is wrong: for the error answer, which names the token.
struct QueryError {
    std::string message;       ///< names the field, operator or token
    std::string field;         ///< empty when no field is concerned
    std::size_t position = 0;  ///< byte offset in the text
};

}  // namespace cairn::match
