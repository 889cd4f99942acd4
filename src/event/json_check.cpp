#include "event/json_check.h"

#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/check.h"

namespace cairn {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Length of the well-formed UTF-8 sequence at the front (Unicode 15, table 3-7), 0 when there is none.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
        return byte(i) >= low && byte(i) <= high;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const unsigned low = lead == 0xe0 ? 0xa0 : 0x80, high = lead == 0xed ? 0x9f : 0xbf;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const unsigned low = lead == 0xf0 ? 0x90 : 0x80, high = lead == 0xf4 ? 0x8f : 0xbf;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

class Checker {
public:
    Checker(std::string_view text, std::size_t depth_max, std::vector<JsonOddity>& oddities)
        : text_(text), depth_max_(depth_max), oddities_(oddities) {}

    Result<void> run() {
        bool ok = value();
        while (ok && !open_.empty()) ok = next();
        if (ok) {
            skip_space();
            if (at_ == text_.size()) return {};
            refuse("text after the end of the record");
        }
        return fail(Code::invalid, fmt::format("not valid JSON at byte {}: {}", at_, wrong_));
    }

private:
    bool refuse(const char* what) {
        wrong_ = what;
        return false;
    }

    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    void skip_space() {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
            ++at_;
    }

    /// Reads a scalar, or opens an array or object up to its first value.
    bool value() {
        skip_space();
        switch (peek()) {
            case '{': return open('{') && first_member();
            case '[': return open('[') && first_element();
            case '"': return string();
            case 't': return literal("true");
            case 'f': return literal("false");
            case 'n': return literal("null");
            default: break;
        }
        if (peek() == '-' || is_digit(peek())) return number();
        return refuse(at_ == text_.size() ? "the text ends early" : "expected a value");
    }

    bool open(char kind) {
        if (open_.size() == depth_max_) return refuse("nested too deeply");
        open_.push_back(kind);
        ++at_;
        skip_space();
        return true;
    }

    bool close() {
        ++at_;
        open_.pop_back();
        return true;
    }

    bool first_element() { return peek() == ']' ? close() : value(); }
    bool first_member() { return peek() == '}' ? close() : member(); }

    bool member() {
        skip_space();
        if (peek() != '"') return refuse("expected a member name");
        if (!string()) return false;
        skip_space();
        if (peek() != ':') return refuse("expected ':'");
        ++at_;
        return value();
    }

    /// Goes on after a value inside the innermost array or object.
    bool next() {
        skip_space();
        const bool object = open_.back() == '{';
        if (peek() == (object ? '}' : ']')) return close();
        if (peek() != ',')
            return refuse(at_ == text_.size() ? "the text ends early"
                                              : "expected ',' or the end of the array or object");
        ++at_;
        return object ? member() : value();
    }

    bool literal(std::string_view word) {
        if (!text_.substr(at_).starts_with(word)) return refuse("expected a value");
        at_ += word.size();
        return true;
    }

    bool digits() {
        if (!is_digit(peek())) return refuse("expected a digit");
        while (is_digit(peek())) ++at_;
        return true;
    }

    bool number() {
        const std::size_t begin = at_;
        bool integer = true;
        if (peek() == '-') ++at_;
        if (peek() == '0')
            ++at_;
        else if (!digits())
            return false;
        if (peek() == '.') {
            integer = false;
            ++at_;
            if (!digits()) return false;
        }
        if ((peek() | 0x20) == 'e') {
            integer = false;
            ++at_;
            if (peek() == '+' || peek() == '-') ++at_;
            if (!digits()) return false;
        }
        if (is_digit(peek())) return refuse("a number begins with 0");
        if (!fits(text_.substr(begin, at_ - begin), integer)) note(JsonOddity::Kind::big_number, begin);
        return true;
    }

    static bool fits(std::string_view lexeme, bool integer) {
        const char* const begin = lexeme.data();
        const char* const end = begin + lexeme.size();
        if (integer) {
            if (lexeme.size() < 19) return true;
            std::int64_t small;
            if (std::from_chars(begin, end, small).ec == std::errc{}) return true;
            std::uint64_t large;
            return std::from_chars(begin, end, large).ec == std::errc{};
        }
        double value = 0;
        if (std::from_chars(begin, end, value).ec != std::errc::result_out_of_range) return std::isfinite(value);
        return !overflows(lexeme);
    }

    /// A double out of range is either far too large or far too small; the latter is just zero.
    static bool overflows(std::string_view lexeme) {
        std::int64_t magnitude = 0;
        std::size_t i = lexeme.front() == '-' ? 1 : 0;
        const std::size_t e = lexeme.find_first_of("eE");
        const auto mantissa = lexeme.substr(i, e == lexeme.npos ? e : e - i);
        const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
        const std::size_t first = mantissa.find_first_of("123456789");
        if (first == mantissa.npos) return false;
        magnitude = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
        if (e == lexeme.npos) return magnitude > 0;
        auto exponent = lexeme.substr(e + 1);
        const bool negative = exponent.front() == '-';
        if (negative || exponent.front() == '+') exponent.remove_prefix(1);
        std::int64_t power = 0;
        for (const char digit : exponent)
            power = std::min<std::int64_t>(power * 10 + (digit - '0'), std::int64_t{1} << 40);
        return magnitude + (negative ? -power : power) > 0;
    }

    bool string() {
        for (++at_; at_ < text_.size();) {
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c == '"') {
                ++at_;
                return true;
            }
            if (c < 0x20) return refuse("a control character in a string");
            if (c == '\\') {
                if (!escape()) return false;
            } else if (const auto length = utf8_length(text_.substr(at_))) {
                at_ += length;
            } else {
                return refuse("not UTF-8");
            }
        }
        return refuse("the text ends inside a string");
    }

    bool escape() {
        const std::size_t begin = at_++;
        const char c = peek();
        if (c == 'u') return unicode_escape(begin);
        if (c == '\0' || std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos)
            return refuse("an unknown escape in a string");
        ++at_;
        return true;
    }

    bool unicode_escape(std::size_t begin) {
        const int unit = code_unit(begin);
        if (unit < 0) return refuse("expected 4 hexadecimal digits after \\u");
        at_ = begin + 6;
        if (unit < 0xd800 || unit > 0xdfff) return true;
        const int other = unit < 0xdc00 ? code_unit(at_) : -1;
        if (other >= 0xdc00 && other <= 0xdfff)
            at_ += 6;
        else
            note(JsonOddity::Kind::lone_surrogate, begin);
        return true;
    }

    /// The value of the escape \uXXXX at `begin`, or -1 when there is none.
    int code_unit(std::size_t begin) const {
        const auto escape = text_.substr(std::min(begin, text_.size()), 6);
        if (escape.size() < 6 || escape[0] != '\\' || escape[1] != 'u') return -1;
        int unit = 0;
        for (std::size_t i = 2; i < 6; ++i) {
            const int digit = hex_value(escape[i]);
            if (digit < 0) return -1;
            unit = unit * 16 + digit;
        }
        return unit;
    }

    void note(JsonOddity::Kind kind, std::size_t begin) {
        oddities_.push_back({kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)});
    }

    std::string_view text_;
    std::size_t depth_max_;
    std::vector<JsonOddity>& oddities_;
    std::vector<char> open_;
    std::size_t at_ = 0;
    const char* wrong_ = "";
};

}  // namespace

Result<void> check_json(std::string_view text, std::size_t depth_max, std::vector<JsonOddity>& oddities) {
    CAIRN_CHECK(text.size() <= std::numeric_limits<std::uint32_t>::max());
    return Checker(text, depth_max, oddities).run();
}

}  // namespace cairn
