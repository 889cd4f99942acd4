#pragma once

#include <string_view>

#include "event/find_bytes.h"

namespace cairn::match {

/// A text to look for without regard to ASCII case. Prepared once, found often.
class TextSearch {
public:
    explicit TextSearch(std::string_view text) : finder_(text, BytesFinder::Case::ignored) {}

    bool found_in(std::string_view where) const { return finder_.found_in(where); }

    /// Looks in a JSON text as it is written and, where it has escapes, as it reads without them: `a/b` is found in
    /// "a\/b", and a quoted policy as it was before it was quoted.
    bool found_in_json(std::string_view json) const;

private:
    BytesFinder finder_;
};

/// The longest part of `text` that JSON can write in one way only, but for \u00XX escapes. Empty when there is none.
std::string_view plain_part(std::string_view text);

}  // namespace cairn::match
