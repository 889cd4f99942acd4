#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/envelope.h"
#include "event/packed_search.h"
#include "event/record.h"

namespace cairn {

/// A block: some hundred records of one retention class with consecutive event numbers, compressed once, carried
/// unchanged by journal and archive. Format, limits and drawing: docs/format/block.md. Sub-blocks of about 4 KiB can be
/// decoded alone.

/// A trained zstd dictionary. Immutable and shared; made from bytes by a codec library hidden in the .cpp.
class Dictionary {
public:
    /// `bytes` as trained; the id is the hash of the bytes, never 0.
    explicit Dictionary(std::string bytes);
    ~Dictionary();

    std::uint32_t id() const { return id_; }
    std::string_view bytes() const { return bytes_; }

    struct Tables;  ///< prepared for both directions; used by the block codec only
    const Tables& tables() const { return *tables_; }

private:
    std::string bytes_;
    std::uint32_t id_;
    std::unique_ptr<const Tables> tables_;
};

using DictionaryPointer = std::shared_ptr<const Dictionary>;

/// Records to learn a dictionary from, kept together as blocks hold them.
class DictionarySamples {
public:
    explicit DictionarySamples(std::size_t bytes_max) : bytes_max_(bytes_max) { text_.reserve(bytes_max); }

    /// One that would not fit is left out.
    void add(std::string_view record);

    std::size_t raw_bytes() const { return raw_bytes_; }  ///< of those taken
    std::size_t size() const { return sizes_.size(); }

private:
    friend Result<DictionaryPointer> train_dictionary(const DictionarySamples& samples, std::size_t bytes_max);
    std::string train(std::size_t bytes_max) const;

    const std::size_t bytes_max_;
    std::string text_, uuids_;  // with packed UUIDs
    std::vector<std::size_t> sizes_;
    std::size_t raw_bytes_ = 0;
};

/// Learns a dictionary of at most `bytes_max` from sample records (at least 40 times as many bytes are advised).
/// Takes seconds of CPU. Error: invalid, when the samples are too few or training came back too small to help.
Result<DictionaryPointer> train_dictionary(const DictionarySamples& samples, std::size_t bytes_max);
Result<DictionaryPointer> train_dictionary(std::span<const std::string> records, std::size_t bytes_max);

/// A dictionary as a file holds it, with version and CRC, and back. Format: docs/format/dictionary.md.
/// Errors of decode: corrupt; unavailable for a newer version.
std::string encode_dictionary(const Dictionary& dictionary);
Result<DictionaryPointer> decode_dictionary(std::string_view bytes);

/// Finds dictionaries by the id that a block names. Returns null when it is not known. Thread-safe.
using FindDictionary = std::function<DictionaryPointer(std::uint32_t id)>;

struct BlockCodec {
    int level = 3;  ///< zstd level; 1 with `codec = "fast"`
    std::size_t sub_block_bytes =
        4096;                      ///< raw bytes after which a sub-block is closed; 16 KiB without a fitting dictionary
    DictionaryPointer dictionary;  ///< may be null
};

/// Collects records and encodes them. Keeps its compression context: one builder per thread.
class BlockBuilder {
public:
    explicit BlockBuilder(RetentionClass retention);
    ~BlockBuilder();
    BlockBuilder(BlockBuilder&&) noexcept;
    BlockBuilder& operator=(BlockBuilder&&) noexcept;

    /// Appends one record with its envelope. Neighbours with equal envelopes share one copy.
    void add(std::string_view record, const Envelope& envelope);

    std::size_t event_count() const;
    std::size_t raw_bytes() const;

    /// Encodes what was added and starts anew.
    std::string finish(const BlockCodec& codec);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Reads an encoded block. Views the bytes it was given, which must outlive it. Any damage within a sub-block or the
/// header is an error `corrupt` that names the sub-block; other sub-blocks stay readable.
class BlockReader {
public:
    /// Checks the header (own CRC) and finds the dictionary. Errors: corrupt; unavailable for a newer version or a
    /// dictionary that `find` does not know.
    static Result<BlockReader> open(std::string_view block, const FindDictionary& find);

    BlockReader(BlockReader&&) noexcept;
    BlockReader& operator=(BlockReader&&) noexcept;
    ~BlockReader();

    RetentionClass retention() const;
    std::uint32_t event_count() const;
    std::uint64_t raw_bytes() const;
    std::uint32_t dictionary_id() const;
    std::uint32_t sub_block_count() const;

    /// The ordinal of the first event of a sub-block.
    std::uint32_t first_of(std::uint32_t sub_block) const;

    /// Decodes one sub-block, restoring packed UUIDs: the records one after another in `text`, whose last
    /// RecordParser::padding bytes are zero and no record's; `ends[i]` the end of its i-th record.
    struct Records {
        std::string text;
        std::vector<std::uint32_t> ends;
        std::string_view record(std::size_t i) const {
            const std::size_t begin = i == 0 ? 0 : ends[i - 1];
            return std::string_view(text).substr(begin, ends[i] - begin);
        }
    };
    Result<void> read_sub_block(std::uint32_t sub_block, Records& out) const;

    /// One record; decodes only its sub-block.
    Result<std::string> record(std::uint32_t ordinal) const;

    /// The envelope of one event. Cheap.
    Result<Envelope> envelope(std::uint32_t ordinal) const;

    /// True when some record of a sub-block may hold one of these terms; decodes the sub-block without restoring UUIDs
    /// where the terms allow it. False is sure. For text search at GB/s.
    Result<bool> may_contain(std::uint32_t sub_block, std::span<const PackedTerm> any_of) const;
    Result<bool> may_contain(std::uint32_t sub_block, const PackedTerm& term) const {
        return may_contain(sub_block, {&term, 1});
    }

private:
    struct State;
    explicit BlockReader(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace cairn
