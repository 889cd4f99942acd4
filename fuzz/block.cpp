// Blocks, dictionaries and envelopes from foreign bytes; and whatever is packed must come back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "base/hash.h"
#include "event/block.h"
#include "event/packed_search.h"
#include "event/uuid_packing.h"

using namespace cairn;

namespace {

void require(bool fact) {
    if (!fact) std::abort();
}

/// Reads everything a reader offers. Answers may be errors, never a crash.
void read_all(std::string_view block) {
    const auto reader = BlockReader::open(block, {});
    if (!reader) return;
    BlockReader::Records part;
    for (std::uint32_t i = 0; i < reader->sub_block_count() && i < 64; ++i) {
        if (reader->read_sub_block(i, part)) require(reader->record(reader->first_of(i)).has_value());
        (void)reader->may_contain(i, PackedTerm("awsRegion"));
    }
    (void)reader->envelope(0);
    if (reader->event_count() > 0) (void)reader->envelope(reader->event_count() - 1);
}

/// Puts the checksums right, so that the fuzzer gets behind them.
std::string with_right_checksums(std::string_view bytes) {
    std::string block(bytes);
    if (block.size() < 44) return block;
    store(block.data(), std::uint32_t{0x4b4c4243});
    const auto header = std::min<std::size_t>(40 + static_cast<unsigned char>(block[4]), block.size());
    store(block.data() + 4, static_cast<std::uint32_t>(header));
    store(block.data() + 32, std::uint64_t{0});  // dictionary and key
    store(block.data() + 8, crc32c(std::string_view(block).substr(12, header - 12)));
    ByteReader table(std::string_view(block).substr(40, header - 40));
    std::size_t at = header;
    for (auto left = load<std::uint32_t>(block.data() + 20); left > 0 && table.ok(); --left) {
        const auto size = table.varint();
        table.varint();
        table.varint();
        if (!table.ok() || size < 4 || size > block.size() - at) break;
        store(block.data() + at, crc32c(std::string_view(block).substr(at + 4, size - 4)));
        at += size;
    }
    return block;
}

void round_trip(std::string_view bytes) {
    BlockBuilder builder(RetentionClass::data);
    std::vector<std::string> records;
    for (std::size_t at = 0; at < bytes.size() && records.size() < 200;) {
        const std::size_t size = std::min<std::size_t>(static_cast<unsigned char>(bytes[at]), bytes.size() - at - 1);
        records.emplace_back(bytes.substr(at + 1, size));
        std::ranges::replace(records.back(), uuid_marker, ' ');  // JSON text never holds it
        builder.add(records.back(), {});
        at += size + 1;
    }
    const auto block = builder.finish({1, 256, nullptr});
    const auto reader = BlockReader::open(block, {});
    require(reader.has_value());
    for (std::uint32_t i = 0; i < records.size(); ++i) require(reader->record(i).value() == records[i]);
    for (std::uint32_t i = 0; i < reader->sub_block_count(); ++i) {
        const auto& record = records[reader->first_of(i)];
        const std::size_t from = record.size() / 3;
        const auto part = std::string_view(record).substr(from, 1 + record.size() / 2);
        require(reader->may_contain(i, PackedTerm(part)).value());
        require(reader->may_contain(i, PackedTerm(part, PackedTerm::Case::ignored)).value());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    read_all(bytes);
    read_all(with_right_checksums(bytes));
    round_trip(bytes);
    (void)decode_dictionary(bytes);
    if (const auto envelope = decode_envelope(bytes); envelope && size > 1 && bytes[0] == 1)
        require(decode_envelope(encode_envelope(*envelope)).value() == *envelope);
    return 0;
}
