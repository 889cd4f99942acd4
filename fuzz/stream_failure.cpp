// An event stream, whole and in two pieces: both ways must find the same failure.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/stream_failure.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto cut = bytes.size() * data[0] / 256;
    cairn::wire::StreamFailure whole, pieces;
    whole.add(bytes);
    pieces.add(bytes.substr(0, cut));
    pieces.add(bytes.substr(cut));
    if (whole.failure().code != pieces.failure().code || whole.failure().message != pieces.failure().message)
        std::abort();
    return 0;
}
