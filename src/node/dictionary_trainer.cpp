#include "node/dictionary_trainer.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
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

using UseRecord = std::function<void(std::uint64_t number, std::string_view record)>;

/// Calls `use` for the records of events from `at` to `end`, and of all others in their blocks.
void each_record(EventLog& log, const FindDictionary& find, std::uint64_t at, std::uint64_t end, const UseRecord& use) {
    while (at < end) {
        const auto blocks = log.read(at, 8 << 20);
        if (!blocks || blocks->empty()) return;
        for (const auto& block : *blocks) {
            at = block.first_number + block.event_count;
            const auto reader = BlockReader::open(block.bytes, find);
            if (!reader) continue;
            BlockReader::Records sub;
            for (std::uint32_t i = 0; i < reader->sub_block_count(); ++i) {
                if (!reader->read_sub_block(i, sub)) continue;
                for (std::size_t k = 0; k < sub.ends.size(); ++k)
                    use(block.first_number + reader->first_of(i) + k, sub.record(k));
            }
        }
    }
}

/// Where the newest `events` events begin.
std::uint64_t begin_of_newest(const EventLog& log, std::uint64_t end, std::uint64_t events) {
    return std::max(log.begin(), end > events ? end - events : 0);
}

/// Records that dictionaries are judged by: the first ones, when they are large.
class Probe {
public:
    void add(std::string_view record) {
        if (bytes_ + record.size() > bytes_max) return;
        bytes_ += record.size();
        records_.emplace_back(record);
    }

    /// Bytes of the records as blocks with that dictionary, per raw byte.
    double encoded_share(const DictionaryPointer& dictionary) const;

    std::size_t bytes() const { return bytes_; }

private:
    static constexpr std::size_t bytes_max = std::size_t{16} << 20;
    std::vector<std::string> records_;
    std::size_t bytes_ = 0;
};

double Probe::encoded_share(const DictionaryPointer& dictionary) const {
    BlockCodec codec;
    codec.dictionary = dictionary;
    BlockBuilder builder(RetentionClass::management);
    std::size_t bytes = 0;
    for (const auto& record : records_) {
        builder.add(record, {});
        if (builder.raw_bytes() < 128 * 1024) continue;
        bytes += builder.finish(codec).size();
    }
    if (builder.event_count() > 0) bytes += builder.finish(codec).size();
    return static_cast<double>(bytes) / static_cast<double>(std::max<std::size_t>(bytes_, 1));
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
    const auto end = parts_.log.end();
    Probe newest;
    each_record(parts_.log, parts_.find_dictionary, begin_of_newest(parts_.log, end, drift_look_events), end,
                [&](std::uint64_t, std::string_view record) { newest.add(record); });
    return newest.encoded_share(parts_.current()) * gain_wanted <= share_;
}

void DictionaryTrainer::learn() {
    const auto end = parts_.log.end(), begin = begin_of_newest(parts_.log, end, full_look_events);
    // The newest tenth is kept apart: what was learned from would flatter the new dictionary.
    const auto kept_apart = begin + (end - begin) * 9 / 10;
    DictionarySamples samples(2 * sample_bytes_per_dictionary_byte * bytes_max_);
    Probe probe;
    each_record(parts_.log, parts_.find_dictionary, begin, end, [&](std::uint64_t number, std::string_view record) {
        if (number < kept_apart)
            samples.add(record);
        else
            probe.add(record);
    });
    const auto bytes = std::min(bytes_max_, (samples.raw_bytes() + probe.bytes()) / sample_bytes_per_dictionary_byte);
    if (bytes < 1024) return;

    auto learned = train_dictionary(samples, bytes);
    if (!learned) return log_warning("no dictionary was learned", {{"reason", learned.error().message}});
    const auto before = probe.encoded_share(parts_.current()), after = probe.encoded_share(*learned);
    share_ = before;
    if (after > gain_wanted * before) return;
    if (auto adopted = parts_.adopt(*learned); !adopted)
        return log_warning("the learned dictionary cannot be stored", {{"reason", adopted.error().message}});
    share_ = after;
    log_info("a dictionary was learned", {{"bytes", (*learned)->bytes().size()},
                                          {"events", samples.size()},
                                          {"share_before", fmt::format("{:.4f}", before)},
                                          {"share_after", fmt::format("{:.4f}", after)}});
}

}  // namespace cairn::node
