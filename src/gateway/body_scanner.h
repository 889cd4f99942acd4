#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/body_copy.h"
#include "wire/stream_failure.h"

namespace cairn::gateway {

/// Finds the end of a body in the bytes of its connection, and passes them on: a sized body and one that ends with its
/// connection as they are, a chunked one (RFC 9112 section 7.1) with its framing, chunk by chunk as it came, but
/// without chunk extensions. Trailers go along. Stricter than a reader needs to be: who reads otherwise must not see
/// another message.
class BodyScanner {
public:
    enum class Framing { none, sized, chunked, until_close };

    explicit BodyScanner(Framing framing = Framing::none, std::uint64_t size = 0)
        : framing_(framing), left_(size), step_(framing == Framing::chunked ? Step::size : Step::data) {}

    /// What receives a copy of the data, without framing. Outlives the scanner; null: nobody.
    void copy_to(BodyCopy* copy) { copy_ = copy; }

    /// What is shown the data, too. Outlives the scanner; null: nobody.
    void show_to(wire::StreamFailure* watch) { watch_ = watch; }

    /// Passes on the data of a chunked body alone: for a peer that knows no chunks.
    void unframe() { unframed_ = true; }

    /// Takes from the front of `bytes` and gives what of it goes on, in one piece; call again while there are bytes and
    /// the body is neither done() nor broken().
    std::string_view next(std::string_view& bytes);

    bool done() const;
    bool broken() const { return step_ == Step::broken; }
    Framing framing() const { return framing_; }
    std::uint64_t left() const { return left_; }  ///< of a sized body
    std::uint64_t data_bytes() const { return data_bytes_; }

private:
    enum class Step { size, extension, size_end, data, data_end, data_line_end, trailer, trailer_end, done, broken };

    void take_data(std::string_view data);
    std::string_view next_data(std::string_view& bytes);
    bool step(char c);
    bool size_digit(char c);
    void trailer(char c);

    Framing framing_;
    std::uint64_t left_;  // of the body, or of this chunk
    Step step_;
    BodyCopy* copy_ = nullptr;
    wire::StreamFailure* watch_ = nullptr;
    std::uint64_t data_bytes_ = 0;
    bool unframed_ = false, trailer_line_empty_ = true;
    int digits_ = 0;
    std::size_t overhead_ = 0;  // bytes of one extension, or of all trailers
};

}  // namespace cairn::gateway
