#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cairn {

/// A text to look for in many short ones (sub-blocks), with or without regard to ASCII case. Prepared once; any number
/// of threads may use it. Over 10 GB/s where the two bytes of the term that are rarest in records do not stand together
/// often.
class BytesFinder {
public:
    enum class Case { exact, ignored };

    explicit BytesFinder(std::string_view term, Case sensitivity = Case::exact);

    /// The first position in `text` from `from` on, or npos.
    std::size_t find(std::string_view text, std::size_t from = 0) const;

    bool found_in(std::string_view text) const { return find(text) != std::string_view::npos; }

    /// In lower case when case is ignored.
    const std::string& term() const { return term_; }
    bool ignores_case() const { return !folds_.empty(); }

private:
    struct Anchor {
        std::size_t at = 0;
        char byte = 0;
        char fold = 0;  ///< bits to be set in a byte of the text before it is compared
    };

    Anchor anchor(std::size_t at) const;
    bool stands_at(const char* text) const;
    std::size_t find_plain(const char* begin, std::size_t at, std::size_t end) const;
    std::size_t find_sse2(const char* begin, std::size_t at, std::size_t end) const;
    std::size_t find_avx2(const char* begin, std::size_t at, std::size_t end) const;

    std::string term_;
    std::string folds_;      ///< of every byte; empty when case counts
    Anchor first_, second_;  ///< the two rarest bytes
};

}  // namespace cairn
