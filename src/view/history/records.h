#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "event/block.h"
#include "event/record.h"
#include "seam/event_log.h"

namespace cairn::history {

/// A block of the log, opened.
struct OpenBlock {
    StoredBlock stored;
    BlockReader reader;

    /// The sub-block that holds an event of this block, and the event's index in it.
    struct Place {
        std::uint32_t sub_block = 0;
        std::uint32_t index = 0;
    };
    Place place(std::uint64_t number) const;
};

/// Of that many records of a block as long as they are in the mean.
std::uint64_t mean_bytes(const BlockReader& block, std::uint64_t records);

/// One record's text, kept alive by its sub-block; RecordParser::padding bytes may be read behind it.
struct RecordText {
    std::shared_ptr<const BlockReader::Records> owner;
    std::string_view text;
};

/// Reads records by event number. Keeps what was opened and decoded last, shared by all readers. Thread-safe.
class Records {
public:
    Records(EventLog& log, FindDictionary find_dictionary, Metrics& metrics, std::size_t cache_bytes = 16 << 20);

    /// Errors: not_found when the event was trimmed; corrupt (counted and logged); those of the log.
    Result<std::shared_ptr<const OpenBlock>> block_of(std::uint64_t number);
    Result<RecordText> read(const std::shared_ptr<const OpenBlock>& block, std::uint64_t number);
    Result<RecordText> read(std::uint64_t number);

    /// Opens a block without keeping it.
    Result<BlockReader> open(const StoredBlock& stored) const {
        return BlockReader::open(stored.bytes, find_dictionary_);
    }

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

    /// Least recently used entries leave when the bytes are spent.
    template <class Value>
    class Cache {
    public:
        explicit Cache(std::size_t bytes_max) : bytes_max_(bytes_max) {}
        std::shared_ptr<const Value> find(std::uint64_t key);
        void put(std::uint64_t key, std::shared_ptr<const Value> value, std::size_t bytes);

    private:
        struct Entry {
            std::uint64_t key;
            std::shared_ptr<const Value> value;
            std::size_t bytes;
        };
        const std::size_t bytes_max_;
        std::mutex mutex_;
        std::list<Entry> entries_;  // guarded by mutex_; used last comes first
        std::unordered_map<std::uint64_t, typename std::list<Entry>::iterator> places_;  // guarded by mutex_
        std::size_t bytes_ = 0;                                                          // guarded by mutex_
    };

    EventLog& log_;
    FindDictionary find_dictionary_;
    Counter& unreadable_;
    Cache<OpenBlock> blocks_;
    Cache<BlockReader::Records> decoded_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<RecordParser>> parsers_;  // guarded by mutex_; those not in use
};

/// The blocks that one search used last, without asking the log again, and what a text filter found out about them.
class RecentBlocks {
public:
    struct Entry {
        std::shared_ptr<const OpenBlock> block;
        std::vector<signed char> verdicts;  ///< per sub-block; -1: unknown
    };

    explicit RecentBlocks(Records& records) : records_(records) {}

    /// Holds until the next call. Errors as Records::block_of.
    Result<Entry*> of(std::uint64_t number);

private:
    Records& records_;
    std::vector<Entry> entries_;
    std::size_t last_ = 0, oldest_ = 0;
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
