#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::net {

/// Takes a chunked body apart (RFC 9112 section 7.1) as its bytes arrive. Extensions and trailers are dropped.
class ChunkedReader {
public:
    enum class State { more, done, broken, too_large };

    explicit ChunkedReader(std::size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

    /// Moves what is data in `bytes` to the end of `body`. `bytes` becomes what was not used: something only when done.
    State feed(std::string_view& bytes, std::string& body);

private:
    enum class Step {
        size,
        extension,
        size_end,
        data,
        data_end,
        data_line_end,
        trailer,
        trailer_end,
        done,
        broken,
        too_large
    };

    void step(char c);
    void size_digit(char c);
    void size_line_ends();
    void trailer(char c);

    std::size_t body_bytes_max_;
    Step step_ = Step::size;
    std::uint64_t left_ = 0;  // bytes of this chunk
    int digits_ = 0;
    bool trailer_line_empty_ = true;
    std::size_t overhead_ = 0;  // bytes of one extension, or of all trailers
    std::uint64_t taken_ = 0;
};

}  // namespace cairn::net
