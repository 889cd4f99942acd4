#include "view/history/records.h"

#include <algorithm>

#include "base/log.h"
#include "view/history/order.h"

namespace cairn::history {

namespace {

constexpr std::size_t open_blocks_bytes = 16 << 20;
constexpr RecordLimits stored_limits{.bytes_max = 64 << 20, .depth_max = 4096};

}  // namespace

OpenBlock::Place OpenBlock::place(std::uint64_t number) const {
    const auto ordinal = static_cast<std::uint32_t>(number - stored.first_number);
    std::uint32_t low = 0, high = reader.sub_block_count();  // the last sub-block that begins at or before it
    while (high - low > 1) {
        const auto middle = low + (high - low) / 2;
        (reader.first_of(middle) <= ordinal ? low : high) = middle;
    }
    return {low, ordinal - reader.first_of(low)};
}

std::uint64_t mean_bytes(const BlockReader& block, std::uint64_t records) {
    return block.raw_bytes() * records / std::max<std::uint64_t>(block.event_count(), 1);
}

template <class Value>
std::shared_ptr<const Value> Records::Cache<Value>::find(std::uint64_t key) {
    std::lock_guard lock(mutex_);
    const auto place = places_.find(key);
    if (place == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, place->second);
    return place->second->value;
}

template <class Value>
void Records::Cache<Value>::put(std::uint64_t key, std::shared_ptr<const Value> value, std::size_t bytes) {
    std::list<Entry> dropped;  // freed after the lock
    std::lock_guard lock(mutex_);
    if (places_.contains(key)) return;
    entries_.push_front({key, std::move(value), bytes});
    places_.emplace(key, entries_.begin());
    bytes_ += bytes;
    while (bytes_ > bytes_max_ && entries_.size() > 1) {
        bytes_ -= entries_.back().bytes;
        places_.erase(entries_.back().key);
        dropped.splice(dropped.begin(), entries_, std::prev(entries_.end()));
    }
}

Records::Records(EventLog& log, FindDictionary find_dictionary, Metrics& metrics, std::size_t cache_bytes)
    : log_(log),
      find_dictionary_(std::move(find_dictionary)),
      unreadable_(metrics.counter("cairn_history_unreadable_total", "Indexed events whose record could not be read")),
      blocks_(open_blocks_bytes),
      decoded_(cache_bytes) {}

Result<std::shared_ptr<const OpenBlock>> Records::block_of(std::uint64_t number) {
    auto stored = log_.find(number);
    if (!stored) return fail(std::move(stored).error());
    if (auto found = blocks_.find(stored->first_number)) {
        if (found->stored.bytes.data() == stored->bytes.data()) return found;
    }
    auto reader = BlockReader::open(stored->bytes, find_dictionary_);
    if (!reader) return fail(std::move(reader).error());
    const auto key = stored->first_number;
    const auto bytes = stored->bytes.size();
    auto block = std::make_shared<const OpenBlock>(OpenBlock{std::move(*stored), std::move(*reader)});
    blocks_.put(key, block, bytes);
    return block;
}

Result<RecentBlocks::Entry*> RecentBlocks::of(std::uint64_t number) {
    constexpr std::size_t entries_max = 64;
    const auto holds = [&](const Entry& entry) {
        const auto& stored = entry.block->stored;
        return number >= stored.first_number && number - stored.first_number < stored.event_count;
    };
    if (last_ < entries_.size() && holds(entries_[last_])) return &entries_[last_];
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (!holds(entries_[i])) continue;
        last_ = i;
        return &entries_[i];
    }
    auto block = records_.block_of(number);
    if (!block) return fail(std::move(block).error());
    if (entries_.size() < entries_max) {
        last_ = entries_.size();
        entries_.emplace_back();
    } else {
        last_ = oldest_++ % entries_max;
    }
    entries_[last_].block = std::move(*block);
    entries_[last_].verdicts.clear();
    return &entries_[last_];
}

Result<RecordText> Records::read(const std::shared_ptr<const OpenBlock>& block, std::uint64_t number) {
    const auto place = block->place(number);
    const auto key = block->stored.first_number + block->reader.first_of(place.sub_block);
    auto records = decoded_.find(key);
    if (!records) {
        auto decoded = std::make_shared<BlockReader::Records>();
        CAIRN_TRY(block->reader.read_sub_block(place.sub_block, *decoded));
        const auto bytes = decoded->text.capacity() + decoded->ends.capacity() * sizeof(std::uint32_t) + 128;
        records = std::move(decoded);
        decoded_.put(key, records, bytes);
    }
    if (place.index >= records->ends.size())
        return fail(Code::corrupt, "a sub-block holds fewer events than its block says");
    const auto text = records->record(place.index);
    return RecordText{std::move(records), text};
}

Result<RecordText> Records::read(std::uint64_t number) {
    const auto block = block_of(number);
    if (!block) return fail(block.error());
    return read(*block, number);
}

std::string Records::order_id_of(std::uint64_t number) {
    const auto text = read(number);
    if (!text) return {};
    auto parser = this->parser();
    const auto event = parser.parse(text->text);
    return event ? std::string(order_id((*event)->event_id)) : std::string();
}

Records::Parser Records::parser() {
    std::unique_lock lock(mutex_);
    if (parsers_.empty()) {
        lock.unlock();
        return Parser(*this, std::make_unique<RecordParser>(stored_limits));
    }
    auto parser = std::move(parsers_.back());
    parsers_.pop_back();
    return Parser(*this, std::move(parser));
}

Records::Parser::~Parser() {
    if (!parser_) return;
    std::lock_guard lock(owner_->mutex_);
    owner_->parsers_.push_back(std::move(parser_));
}

void Records::unreadable(std::uint64_t number, const Error& error) {
    unreadable_.add();
    log_warning("history: an event cannot be read", {{"number", number}, {"error", error.message}});
}

}  // namespace cairn::history
