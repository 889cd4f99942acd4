// Request bodies and compressed bodies from foreign bytes: slices lie inside the body, outputs inside their bound.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "event/record.h"
#include "ingest/gateway_lines.h"
#include "ingest/slice.h"

using namespace cairn;
using namespace cairn::ingest;

namespace {

void require(bool fact) {
    if (!fact) std::abort();
}

void slice_all(std::string_view body) {
    constexpr std::size_t slices_max = 1000;
    const std::string padded = std::string(body) + std::string(RecordParser::padding, '"');
    const auto text = std::string_view(padded).substr(0, body.size());
    const auto sliced = slice(text, slices_max);
    require(sliced.slices.size() <= slices_max + 1);
    for (const auto& part : sliced.slices) {
        require(part.text.empty() != part.problem.empty());
        require(part.line > 0);
        if (part.text.empty()) continue;
        bool inside =
            part.text.data() >= text.data() && part.text.data() + part.text.size() <= text.data() + text.size();
        for (const auto& own : sliced.unescaped)
            inside |= part.text.data() == own.data() && part.text.size() + RecordParser::padding == own.size();
        require(inside);
    }
    const auto lines = slice_gateway_lines(text, slices_max);
    require(lines.sliced.slices.size() <= slices_max + 1);
    std::size_t whole = 0;
    for (const auto& part : lines.sliced.slices) {
        require(part.text.empty() != part.problem.empty());
        whole += part.problem.empty();
        require(part.text.empty() ||
                (part.text.data() >= text.data() && part.text.data() + part.text.size() <= text.data() + text.size()));
    }
    require(whole == lines.origins.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    slice_all(bytes);
    for (const auto encoding : {Encoding::gzip, Encoding::zstd}) {
        constexpr std::size_t bytes_max = 1 << 20;
        const auto text = decompress(bytes, encoding, bytes_max);
        if (!text) continue;
        require(text->size() <= bytes_max);
        slice_all(*text);
    }
    return 0;
}
