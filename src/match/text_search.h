#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::match {

/// A text to look for without regard to ASCII case. Prepared once, found often.
class TextSearch {
public:
    explicit TextSearch(std::string_view text);

    bool found_in(std::string_view where) const;

    /// Looks in a JSON text as it is written and, where it has escapes, as it reads without them: `a/b` is found in
    /// "a\/b", and a quoted policy as it was before it was quoted.
    bool found_in_json(std::string_view json) const;

    const std::string& lowered() const { return lowered_; }

private:
    bool found_from(std::string_view where, char first) const;

    std::string lowered_;
    std::size_t anchor_ = 0;  ///< a byte that is rare in records
};

/// The longest part of `text` that JSON can write in one way only, but for \u00XX escapes. Empty when there is none.
std::string_view plain_part(std::string_view text);

}  // namespace cairn::match
