#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "event/block.h"
#include "event/record.h"
#include "seam/event_log.h"
#include "view/history/slot_cache.h"

namespace cairn::history {

/// Of that many records of a block as long as they are in the mean.
std::uint64_t mean_bytes(const BlockReader& block, std::uint64_t records);

/// Reads records by event number, and keeps those that were found last, shared by all readers. Thread-safe.
class Records {
public:
    Records(EventLog& log, FindDictionary find_dictionary, Metrics& metrics, std::size_t kept_bytes_max = 16 << 20);

    /// Opens a block of the log. Errors: corrupt; unavailable.
    Result<BlockReader> open(const StoredBlock& stored) const {
        return BlockReader::open(stored.bytes, find_dictionary_);
    }

    /// The text of an event's record as keep() left it, if it is still here.
    std::shared_ptr<const std::string> kept(std::uint64_t number) { return kept_.find(number); }

    /// Keeps the text of a record that is likely to be asked for again, with zeros for a parser behind it.
    void keep(std::uint64_t number, std::string_view text);

    /// order_id() of an event; empty when it cannot be read.
    std::string order_id_of(std::uint64_t number);

    /// A parser for what was accepted once, under whatever limits.
    class Parser;
    Parser parser();

    EventLog& log() { return log_; }

    /// Counts and logs an event that is indexed but cannot be read or parsed.
    void unreadable(std::uint64_t number, const Error& error);

private:
    friend class Parser;

    EventLog& log_;
    FindDictionary find_dictionary_;
    Counter& unreadable_;
    SlotCache<std::string> kept_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<RecordParser>> parsers_;  // guarded by mutex_; those not in use
};

/// A block of the log.
class Block {
public:
    Block(Records& records, StoredBlock stored) : records_(&records), stored_(std::move(stored)) {}

    bool holds(std::uint64_t number) const {
        return number >= stored_.first_number && number - stored_.first_number < stored_.event_count;
    }

    /// The sub-block that holds an event of this block, and the event's index in it. Opens the block when that was not
    /// done yet. Errors as Records::open.
    struct Place {
        std::uint32_t sub_block = 0;
        std::uint32_t index = 0;
        std::uint64_t first_number = 0;  ///< of the sub-block
    };
    Result<Place> place_of(std::uint64_t number);

    /// After place_of().
    const BlockReader& reader() const { return *reader_; }

    std::vector<signed char> verdicts;  ///< what a text filter found out, per sub-block; -1: unknown

private:
    Records* records_;
    StoredBlock stored_;
    std::optional<BlockReader> reader_;
};

/// The blocks that one search used last, without asking the log again. One thread.
class RecentBlocks {
public:
    explicit RecentBlocks(Records& records) : records_(records) {}

    /// The block of an event; holds until the next call. Errors: not_found when the event was trimmed; those of the
    /// log.
    Result<Block*> of(std::uint64_t number);

    /// The text of an event's record; RecordParser::padding bytes may be read behind it. Holds until the next call.
    /// Errors: as of(); corrupt.
    Result<std::string_view> read(std::uint64_t number);

private:
    /// A sub-block as it was decoded.
    struct Decoded {
        std::optional<std::uint64_t> first_number;
        BlockReader::Records records;
    };
    Result<const BlockReader::Records*> decoded(const Block& block, const Block::Place& place);

    Records& records_;
    std::vector<Block> blocks_;
    std::size_t last_ = 0, oldest_ = 0;
    std::shared_ptr<const std::string> kept_;             // what read() gave last, when it was kept
    std::array<Decoded, retention_class_count> decoded_;  // blocks of one class follow each other
    std::size_t decoded_oldest_ = 0;
};

/// A parser on loan.
class Records::Parser {
public:
    Parser(Records& owner, std::unique_ptr<RecordParser> parser) : owner_(&owner), parser_(std::move(parser)) {}
    Parser(Parser&&) noexcept = default;
    ~Parser();
    Result<const EventView*> parse(std::string_view text) { return parser_->parse(text); }

private:
    Records* owner_;
    std::unique_ptr<RecordParser> parser_;
};

}  // namespace cairn::history
