#include <algorithm>

#define ZDICT_STATIC_LINKING_ONLY
#include <zdict.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "event/block.h"
#include "event/compression.h"
#include "event/uuid_packing.h"

namespace cairn {

namespace {

constexpr std::uint32_t magic = 0x54434443;  // "CDCT"
constexpr std::uint8_t version = 1;
constexpr std::size_t header_bytes = 16;

// Below this a dictionary saves less than the trouble it makes.
constexpr std::size_t useful_bytes_min = 4096;

}  // namespace

void DictionarySamples::add(std::string_view record) {
    const auto before = text_.size();
    if (record.empty() || before + record.size() > bytes_max_ || record.find(uuid_marker) != record.npos) return;
    pack_uuids(record, text_, uuids_);
    uuids_.clear();
    sizes_.push_back(text_.size() - before);
    raw_bytes_ += record.size();
}

/// Empty when the library fails.
std::string DictionarySamples::train(std::size_t bytes_max) const {
    ZDICT_fastCover_params_t parameters{};
    parameters.k = 1024;
    parameters.d = 8;
    parameters.f = 20;
    parameters.accel = 4;
    parameters.zParams.compressionLevel = 3;
    std::string bytes;
    bytes.resize_and_overwrite(bytes_max, [&](char* data, std::size_t) {
        const auto written = ZDICT_trainFromBuffer_fastCover(data, bytes_max, text_.data(), sizes_.data(),
                                                             static_cast<unsigned>(sizes_.size()), parameters);
        return ZDICT_isError(written) ? 0 : written;
    });
    return bytes;
}

Result<DictionaryPointer> train_dictionary(const DictionarySamples& samples, std::size_t bytes_max) {
    // Asked for too much, the trainer may hand back a stub without saying so: then less is asked for.
    for (std::size_t wanted = bytes_max; wanted >= useful_bytes_min; wanted /= 2) {
        auto bytes = samples.train(wanted);
        if (bytes.size() < std::max(wanted / 2, useful_bytes_min)) continue;
        auto dictionary = std::make_shared<const Dictionary>(std::move(bytes));
        if (is_usable(*dictionary)) return dictionary;
    }
    return fail(Code::invalid, "too few sample records for a dictionary: " + std::to_string(samples.sizes_.size()) +
                                   " of " + std::to_string(samples.text_.size()) + " bytes");
}

Result<DictionaryPointer> train_dictionary(std::span<const std::string> records, std::size_t bytes_max) {
    std::size_t bytes = 0;
    for (const auto& record : records) bytes += record.size();
    DictionarySamples samples(bytes);
    for (const auto& record : records) samples.add(record);
    return train_dictionary(samples, bytes_max);
}

std::string encode_dictionary(const Dictionary& dictionary) {
    std::string out;
    append(out, magic);
    append(out, std::uint32_t{version});
    append(out, dictionary.id());
    append(out, crc32c(dictionary.bytes(), crc32c(out)));
    out.append(dictionary.bytes());
    return out;
}

Result<DictionaryPointer> decode_dictionary(std::string_view bytes) {
    constexpr std::size_t crc_at = header_bytes - 4;
    if (bytes.size() < header_bytes) return fail(Code::corrupt, "dictionary ends within its header");
    if (load<std::uint32_t>(bytes.data()) != magic) return fail(Code::corrupt, "not a dictionary: wrong magic");
    const auto content = bytes.substr(header_bytes);
    if (crc32c(content, crc32c(bytes.substr(0, crc_at))) != load<std::uint32_t>(bytes.data() + crc_at))
        return fail(Code::corrupt, "dictionary is damaged: wrong CRC");
    if (const auto written = load<std::uint32_t>(bytes.data() + 4); written != version)
        return fail(Code::unavailable, "dictionary has format version " + std::to_string(written) +
                                           ", this reader knows version " + std::to_string(version));
    auto dictionary = std::make_shared<const Dictionary>(std::string(content));
    if (dictionary->id() != load<std::uint32_t>(bytes.data() + 8) || !is_usable(*dictionary))
        return fail(Code::corrupt, "dictionary is not what its header says");
    return dictionary;
}

}  // namespace cairn
