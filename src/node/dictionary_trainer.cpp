#include "node/dictionary_trainer.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"

namespace cairn::node {

namespace {

constexpr std::uint64_t first_look_events = 2'000;
constexpr std::uint64_t full_look_events = 40'000;
constexpr std::size_t sample_bytes_per_dictionary_byte = 40;
constexpr std::uint64_t drift_look_events = 4'000;
constexpr double gain_wanted = 0.93;

/// Records of the newest `events` events, oldest first.
std::vector<std::string> newest_records(EventLog& log, const FindDictionary& find, std::uint64_t events) {
    std::vector<std::string> records;
    const auto end = log.end();
    auto at = std::max(log.begin(), end > events ? end - events : 0);
    while (at < end) {
        const auto blocks = log.read(at, 8 << 20);
        if (!blocks || blocks->empty()) break;
        for (const auto& block : *blocks) {
            at = block.first_number + block.event_count;
            const auto reader = BlockReader::open(block.bytes, find);
            if (!reader) continue;
            BlockReader::Records sub;
            for (std::uint32_t i = 0; i < reader->sub_block_count(); ++i) {
                if (!reader->read_sub_block(i, sub)) continue;
                for (std::size_t k = 0; k < sub.ends.size(); ++k) records.emplace_back(sub.record(k));
            }
        }
    }
    return records;
}

/// Bytes of the records as blocks with that dictionary, per raw byte.
double encoded_share(const std::vector<std::string>& records, const DictionaryPointer& dictionary) {
    BlockCodec codec;
    codec.dictionary = dictionary;
    BlockBuilder builder(RetentionClass::management);
    std::size_t bytes = 0, raw_bytes = 0;
    for (const auto& record : records) {
        raw_bytes += record.size();
        builder.add(record, {});
        if (builder.raw_bytes() < 128 * 1024) continue;
        bytes += builder.finish(codec).size();
    }
    if (builder.event_count() > 0) bytes += builder.finish(codec).size();
    return static_cast<double>(bytes) / static_cast<double>(std::max<std::size_t>(raw_bytes, 1));
}

}  // namespace

DictionaryTrainer::DictionaryTrainer(Parts parts, std::size_t bytes_max)
    : parts_(std::move(parts)), bytes_max_(bytes_max), next_at_events_(first_look_events) {
    if (parts_.current()) next_at_events_ = std::max(full_look_events, parts_.log.end() * 2);
}

void DictionaryTrainer::look() {
    const auto events = parts_.log.end() - parts_.log.begin();
    if (events < next_at_events_) return;
    const bool small = events < full_look_events;
    next_at_events_ = small ? full_look_events : std::max(full_look_events, events) * 2;
    if (!fits_still()) learn();
    if (small) share_ = 0;  // the full one is learned in any case
}

bool DictionaryTrainer::fits_still() const {
    if (share_ == 0) return false;
    const auto newest = newest_records(parts_.log, parts_.find_dictionary, drift_look_events);
    return encoded_share(newest, parts_.current()) * gain_wanted <= share_;
}

void DictionaryTrainer::learn() {
    auto records = newest_records(parts_.log, parts_.find_dictionary, full_look_events);
    std::size_t sample_bytes = 0;
    for (const auto& record : records) sample_bytes += record.size();
    const auto bytes = std::min(bytes_max_, sample_bytes / sample_bytes_per_dictionary_byte);
    if (bytes < 1024) return;

    // The newest tenth is kept apart: what was learned from would flatter the new dictionary.
    std::vector<std::string> probe(
        std::make_move_iterator(records.begin() + static_cast<std::ptrdiff_t>(records.size() * 9 / 10)),
        std::make_move_iterator(records.end()));
    records.resize(records.size() * 9 / 10);
    auto learned = train_dictionary(records, bytes);
    if (!learned) return log_warning("no dictionary was learned", {{"reason", learned.error().message}});
    const auto before = encoded_share(probe, parts_.current()), after = encoded_share(probe, *learned);
    share_ = before;
    if (after > gain_wanted * before) return;
    if (auto adopted = parts_.adopt(*learned); !adopted)
        return log_warning("the learned dictionary cannot be stored", {{"reason", adopted.error().message}});
    share_ = after;
    log_info("a dictionary was learned", {{"bytes", (*learned)->bytes().size()},
                                          {"events", records.size()},
                                          {"share_before", fmt::format("{:.4f}", before)},
                                          {"share_after", fmt::format("{:.4f}", after)}});
}

}  // namespace cairn::node
