// Files of intents: foreign bytes, and frames that were written here, with a byte changed and cut. Of those the frames
// that are read are the first ones that were written.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "gateway/intent_frame.h"

namespace {

using namespace cairn;
using namespace cairn::gateway;

struct Written {
    Uuid id;
    std::vector<GatewayRecord> records;
};

void read_foreign(std::string_view bytes) {
    (void)check_intent_header(bytes);
    (void)read_intent_records(bytes);
    for (auto rest = bytes;;) {
        const auto before = rest.size();
        const auto frame = take_intent_frame(rest);
        if (!frame) break;
        CAIRN_CHECK(before == rest.size() + intent_frame_header_bytes + frame->records.size());
        (void)read_intent_records(frame->records);
    }
}

/// Frames of a file's bytes: each takes its id, the number of its records and their lengths off the front.
std::vector<Written> made_of(std::string_view bytes) {
    const auto take = [&](std::size_t size) {
        const auto taken = bytes.substr(0, size);
        bytes.remove_prefix(taken.size());
        return taken;
    };
    const auto number = [&] { return bytes.empty() ? 0u : static_cast<unsigned char>(take(1).front()); };
    std::vector<Written> frames;
    while (!bytes.empty()) {
        Written frame;
        std::ranges::copy(take(16), frame.id.bytes.begin());
        for (auto left = number() % 4; left > 0; --left) {
            const auto text = number(), evidence = number();
            frame.records.push_back(
                {"{" + std::string(take(text)), std::string(take(evidence)), text * 251u + evidence});
        }
        frames.push_back(std::move(frame));
    }
    return frames;
}

bool same(const IntentFrame& read, const Written& written) {
    return read.id == written.id &&
           std::ranges::equal(
               read_intent_records(read.records), written.records, [](const auto& one, const auto& other) {
                   return one.text == other.text && one.evidence == other.evidence && one.sequence == other.sequence;
               });
}

/// How many frames are read.
std::size_t read_back(std::string_view bytes, const std::vector<Written>& frames) {
    std::size_t read = 0;
    while (const auto frame = take_intent_frame(bytes)) {
        CAIRN_CHECK(read < frames.size() && same(*frame, frames[read]));
        ++read;
    }
    return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 3, size - 3);
    read_foreign(bytes);
    const auto frames = made_of(bytes);
    std::string file;
    std::vector<std::size_t> ends;
    for (const auto& frame : frames) {
        append_intent_frame(file, frame.id, frame.records);
        ends.push_back(file.size());
    }
    CAIRN_CHECK(read_back(file, frames) == frames.size());
    const auto at = file.size() * (data[0] * 256u + data[1]) / 65536;
    const auto whole = static_cast<std::size_t>(std::ranges::upper_bound(ends, at) - ends.begin());
    CAIRN_CHECK(read_back(std::string_view(file).substr(0, at), frames) == whole);
    if (file.empty() || data[2] == 0) return 0;
    file[at] = static_cast<char>(file[at] ^ data[2]);
    CAIRN_CHECK(read_back(file, frames) == whole);
    return 0;
}
