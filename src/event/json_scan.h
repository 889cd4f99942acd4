#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cairn {

/// Walks a JSON text that has been checked (RecordParser::parse or check_json), keeping what was written: number
/// spelling, escapes. On a text that was not checked it stays within its bounds and ends, but yields nonsense.
class JsonScan {
public:
    explicit JsonScan(std::string_view text) : text_(text) { skip_space(); }

    /// The first byte of the next token, or '\0' at the end.
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    std::size_t position() const { return at_; }

    /// Steps over one byte of structure and the white space after it.
    void take() {
        if (at_ < text_.size()) ++at_;
        skip_space();
    }

    /// Steps over ',' or over nothing; false at the closing bracket (which is stepped over) or at the end of the text.
    /// Called before every member or element: `scan.take(); while (scan.more()) ...`.
    bool more();

    /// Reads a string: the text between its quotes, as written.
    std::string_view string();

    /// Reads a member's name and the colon after it.
    std::string_view name();

    /// Reads any value: its text as written.
    std::string_view value();

private:
    void skip_space() {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
            ++at_;
    }
    void skip_string();
    void skip_scalar();

    std::string_view text_;
    std::size_t at_ = 0;
};

/// Appends the inside of a JSON string without its escapes. An unpaired surrogate becomes U+FFFD, or, with
/// `keep_surrogates`, the three bytes UTF-8 would give it if it were a character, so that different texts stay
/// different.
void append_unescaped(std::string& out, std::string_view inside, bool keep_surrogates = false);

/// True when the inside of a JSON string says `plain`.
bool unescaped_equals(std::string_view inside, std::string_view plain);

}  // namespace cairn
