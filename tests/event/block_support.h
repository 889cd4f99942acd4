#pragma once

#include <random>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "event/block.h"

namespace cairn::test {

inline Uuid seeded_uuid(std::mt19937_64& random) {
    Uuid uuid;
    for (auto& byte : uuid.bytes) byte = static_cast<unsigned char>(random());
    return uuid;
}

/// Records that resemble each other, with UUIDs, of 250 to 700 bytes.
inline std::vector<std::string> sample_records(std::size_t count, std::uint64_t seed = 1) {
    static constexpr const char* names[] = {"RunInstances", "CreateRole", "ConsoleLogin", "GetObject",
                                            "PutMetricAlarm"};
    static constexpr const char* regions[] = {"us-east-1", "eu-west-1", "us-west-2"};
    std::mt19937_64 random(seed);
    std::vector<std::string> records;
    for (std::size_t i = 0; i < count; ++i) {
        std::string record = R"({"eventVersion":"1.08","userIdentity":{"type":"IAMUser","userName":"user)";
        record += std::to_string(random() % 50);
        record += R"("},"eventTime":"2026-11-21T16:00:)" + std::to_string(10 + random() % 50);
        record += std::string(R"(Z","eventSource":"ec2.amazonaws.com","eventName":")") + names[random() % 5];
        record += std::string(R"(","awsRegion":")") + regions[random() % 3];
        record += R"(","requestID":")" + format_uuid(seeded_uuid(random));
        record += R"(","eventID":")" + format_uuid(seeded_uuid(random));
        record += R"(","requestParameters":{"note":")" + std::string(random() % 400, 'x') + "\"}}";
        records.push_back(std::move(record));
    }
    return records;
}

inline FindDictionary only(DictionaryPointer dictionary) {
    return [dictionary](std::uint32_t id) { return dictionary && dictionary->id() == id ? dictionary : nullptr; };
}

inline std::string encode_block(const std::vector<std::string>& records, const BlockCodec& codec = {},
                                const Envelope& envelope = {}) {
    BlockBuilder builder(RetentionClass::management);
    for (const auto& record : records) builder.add(record, envelope);
    return builder.finish(codec);
}

inline Result<std::vector<std::string>> decode_block(std::string_view block, const FindDictionary& find = {}) {
    const auto reader = BlockReader::open(block, find);
    if (!reader) return fail(reader.error());
    std::vector<std::string> records;
    BlockReader::Records part;
    for (std::uint32_t i = 0; i < reader->sub_block_count(); ++i) {
        CAIRN_TRY(reader->read_sub_block(i, part));
        for (std::size_t k = 0; k < part.ends.size(); ++k) records.emplace_back(part.record(k));
    }
    return records;
}

}  // namespace cairn::test
