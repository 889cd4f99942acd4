// Costs of the block codec: ns of CPU an event and bytes an event, on a file of records, one a line.
//   block FILE [events] [dictionary bytes] [samples]
#include <ctime>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "event/block.h"
#include "event/uuid_packing.h"

using namespace cairn;

namespace {

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class Work>
double seconds_of(Work&& work) {
    const double begin = cpu_seconds();
    work();
    return cpu_seconds() - begin;
}

struct Encoded {
    std::vector<std::string> blocks;
    double seconds = 0;
    std::size_t bytes = 0;
};

Encoded encode(const std::vector<std::string>& records, const BlockCodec& codec) {
    Encoded result;
    BlockBuilder builder(RetentionClass::management);
    Envelope envelope;
    envelope.writer = "arn:aws:iam::123456789012:user/collector";
    result.seconds = seconds_of([&] {
        for (const auto& record : records) {
            builder.add(record, envelope);
            if (builder.raw_bytes() >= 128 * 1024) result.blocks.push_back(builder.finish(codec));
        }
        if (builder.event_count() > 0) result.blocks.push_back(builder.finish(codec));
    });
    for (const auto& block : result.blocks) result.bytes += block.size();
    return result;
}

void report(const std::vector<std::string>& records, std::size_t raw, const BlockCodec& codec, const char* name) {
    const auto events = static_cast<double>(records.size());
    const auto encoded = encode(records, codec);
    const FindDictionary find = [&](std::uint32_t) { return codec.dictionary; };
    BlockReader::Records out;
    std::size_t sub_blocks = 0;
    const auto each = [&](auto&& use) {
        for (const auto& block : encoded.blocks) {
            const auto reader = BlockReader::open(block, find);
            if (!reader) {
                std::puts(reader.error().message.c_str());
                std::exit(1);
            }
            for (std::uint32_t i = 0; i < reader->sub_block_count(); ++i) use(*reader, i);
        }
    };
    const double decode = seconds_of([&] {
        each([&](const BlockReader& reader, std::uint32_t i) {
            sub_blocks += reader.read_sub_block(i, out).has_value();
        });
    });
    fmt::print("{:<28} {:6.1f} B/event {:5.0f} ns/event encode, {:4.2f} us/sub-block decode ({:.2f} GB/s)", name,
               static_cast<double>(encoded.bytes) / events, encoded.seconds / events * 1e9,
               decode / static_cast<double>(sub_blocks) * 1e6, static_cast<double>(raw) / decode * 1e-9);
    using Case = PackedTerm::Case;
    for (const auto& term : {PackedTerm("NoSuchThingAtAll"), PackedTerm("ec2.nosuch"), PackedTerm("0123456789ab"),
                             PackedTerm("NoSuchThingAtAll", Case::ignored)}) {
        std::size_t hits = 0;
        const double scan = seconds_of([&] {
            each([&](const BlockReader& reader, std::uint32_t i) {
                hits += reader.may_contain(i, term).value_or(false);
            });
        });
        fmt::print(", {:.2f} GB/s scan", static_cast<double>(raw) / scan * 1e-9);
    }
    std::puts("");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const std::size_t events = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 200000;
    const std::size_t dictionary_bytes = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1 << 20;
    const std::size_t samples = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 40000;
    std::ifstream file(argv[1]);
    std::vector<std::string> training, records;
    std::size_t raw = 0;
    for (std::string line; records.size() < events && std::getline(file, line);) {
        if (training.size() < samples) {
            training.push_back(line);
            continue;
        }
        raw += line.size();
        records.push_back(std::move(line));
    }
    std::string packed, uuids;
    const double packing = seconds_of([&] {
        for (const auto& record : records) {
            packed.clear();
            uuids.clear();
            pack_uuids(record, packed, uuids);
        }
    });
    fmt::print("{} events, {} B each; packing UUIDs {:.0f} ns/event\n", records.size(), raw / records.size(),
               packing / static_cast<double>(records.size()) * 1e9);

    const double training_seconds = cpu_seconds();
    const auto dictionary = train_dictionary(training, dictionary_bytes);
    if (dictionary)
        fmt::print("dictionary of {} B in {:.1f} s\n", (*dictionary)->bytes().size(), cpu_seconds() - training_seconds);
    else
        fmt::print("no dictionary: {}\n", dictionary.error().message);
    if (dictionary) {
        report(records, raw, {3, 4096, *dictionary}, "level 3, dictionary, 4 KiB");
        report(records, raw, {1, 4096, *dictionary}, "level 1, dictionary, 4 KiB");
        report(records, raw, {3, 16384, *dictionary}, "level 3, dictionary, 16 KiB");
    }
    report(records, raw, {3, 16384, nullptr}, "level 3, 16 KiB");
    report(records, raw, {1, 16384, nullptr}, "level 1, 16 KiB");
}
