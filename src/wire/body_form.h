#pragma once

#include <cstdint>
#include <optional>

#include "wire/call_head.h"

namespace cairn::wire {

/// How the bytes of a request's body are made up (Amazon S3 API reference, "Transferring payload in multiple chunks").
struct BodyForm {
    enum class Framing : std::uint8_t {
        plain,
        aws_chunked_signed,    ///< each chunk with its signature
        aws_chunked_unsigned,  ///< chunk sizes only
    };

    Framing framing = Framing::plain;
    bool hash_signed = false;  ///< the hash of the whole body is in its headers: 64 hex digits
    bool trailer = false;      ///< checksums, and with signatures one over them, follow the last chunk
    bool ecdsa = false;        ///< chunks are signed with SigV4a
    bool gzip = false;         ///< what is inside the chunks, or the body, is compressed
    std::optional<std::uint64_t> decoded_length;  ///< bytes of the body itself, if a header tells
};

BodyForm read_body_form(const CallHead& call);

}  // namespace cairn::wire
