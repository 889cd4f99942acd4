#include "view/history/records.h"

#include <algorithm>

#include "base/log.h"
#include "view/history/order.h"

namespace cairn::history {

namespace {

constexpr std::size_t kept_records_max = 1 << 14;
constexpr RecordLimits stored_limits{.bytes_max = 64 << 20, .depth_max = 4096};

}  // namespace

std::uint64_t mean_bytes(const BlockReader& block, std::uint64_t records) {
    return block.raw_bytes() * records / std::max<std::uint64_t>(block.event_count(), 1);
}

Records::Records(EventLog& log, FindDictionary find_dictionary, Metrics& metrics, std::size_t kept_bytes_max)
    : log_(log),
      find_dictionary_(std::move(find_dictionary)),
      unreadable_(metrics.counter("cairn_history_unreadable_total", "Indexed events whose record could not be read")),
      kept_(kept_records_max, kept_bytes_max) {}

void Records::keep(std::uint64_t number, std::string_view text) {
    if (kept_.find(number)) return;
    auto record = std::make_shared<std::string>();
    record->reserve(text.size() + RecordParser::padding);
    record->append(text).append(RecordParser::padding, '\0');
    const auto bytes = record->capacity();
    kept_.put(number, std::move(record), bytes);
}

Result<Block::Place> Block::place_of(std::uint64_t number) {
    if (!reader_) {
        auto reader = records_->open(stored_);
        if (!reader) return fail(std::move(reader).error());
        reader_ = std::move(*reader);
    }
    const auto ordinal = static_cast<std::uint32_t>(number - stored_.first_number);
    std::uint32_t low = 0, high = reader_->sub_block_count();  // the last sub-block that begins at or before it
    while (high - low > 1) {
        const auto middle = low + (high - low) / 2;
        (reader_->first_of(middle) <= ordinal ? low : high) = middle;
    }
    const auto first = reader_->first_of(low);
    return Place{low, ordinal - first, stored_.first_number + first};
}

Result<Block*> RecentBlocks::of(std::uint64_t number) {
    constexpr std::size_t blocks_max = 64;
    if (last_ < blocks_.size() && blocks_[last_].holds(number)) return &blocks_[last_];
    const auto found = std::ranges::find_if(blocks_, [&](const Block& block) { return block.holds(number); });
    last_ = static_cast<std::size_t>(found - blocks_.begin());
    if (found != blocks_.end()) return &*found;
    auto stored = records_.log().find(number);
    if (!stored) return fail(std::move(stored).error());
    Block block(records_, std::move(*stored));
    if (blocks_.size() < blocks_max) return &blocks_.emplace_back(std::move(block));
    last_ = oldest_++ % blocks_max;
    blocks_[last_] = std::move(block);
    return &blocks_[last_];
}

Result<std::string_view> RecentBlocks::read(std::uint64_t number) {
    const auto block = of(number);
    if (!block) return fail(block.error());
    if ((kept_ = records_.kept(number)))
        return std::string_view(*kept_).substr(0, kept_->size() - RecordParser::padding);
    const auto place = (*block)->place_of(number);
    if (!place) return fail(place.error());
    const auto records = decoded(**block, *place);
    if (!records) return fail(records.error());
    if (place->index >= (*records)->ends.size())
        return fail(Code::corrupt, "a sub-block holds fewer events than its block says");
    return (*records)->record(place->index);
}

Result<const BlockReader::Records*> RecentBlocks::decoded(const Block& block, const Block::Place& place) {
    const auto known = std::ranges::find(decoded_, place.first_number, &Decoded::first_number);
    if (known != decoded_.end()) return &known->records;
    auto& next = decoded_[decoded_oldest_++ % decoded_.size()];
    next.first_number.reset();
    CAIRN_TRY(block.reader().read_sub_block(place.sub_block, next.records));
    next.first_number = place.first_number;
    return &next.records;
}

std::string Records::order_id_of(std::uint64_t number) {
    RecentBlocks blocks(*this);
    const auto text = blocks.read(number);
    if (!text) return {};
    auto parser = this->parser();
    const auto event = parser.parse(*text);
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
