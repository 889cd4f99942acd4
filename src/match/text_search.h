#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "event/find_bytes.h"

namespace cairn::match {

/// A text to look for without regard to case: letters are the same that Unicode's simple case folding makes the same
/// (Zürich and ZÜRICH, Ω and ω; not ß and ss), but those of ASCII are the same as letters of ASCII only. Prepared once,
/// found often, by any number of threads. What it is looked for in is UTF-8.
class TextSearch {
public:
    explicit TextSearch(std::string_view text);

    bool found_in(std::string_view where) const;

    /// Looks in a JSON text as it is written and, where it has escapes, as it reads without them: `a/b` is found in
    /// "a\/b", and a quoted policy as it was before it was quoted.
    bool found_in_json(std::string_view json) const;

private:
    struct Folded;

    BytesFinder finder_;
    std::shared_ptr<const Folded> folded_;  ///< of a text that is not all ASCII
};

/// The longest part of `text` that JSON can write in one way only, but for \u00XX escapes. Empty when there is none.
std::string_view plain_part(std::string_view text);

}  // namespace cairn::match
