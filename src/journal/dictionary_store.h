#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/block.h"
#include "seam/disk.h"

namespace cairn::journal {

/// The dictionaries a log's blocks were compressed with, one file each: dictionaries/ID.zdict. A dictionary is durable
/// before a block names it, and is never removed. Members may be called from any thread.
class DictionaryStore {
public:
    /// Loads all dictionaries of `folder` (a log's folder). A damaged file is reported in the log and left out: archive
    /// files carry copies. Errors: those of the disk; unavailable for a newer version.
    static Result<std::unique_ptr<DictionaryStore>> open(Disk& disk, std::string folder);

    /// Null when it is not known. Does not block for long.
    DictionaryPointer find(std::uint32_t id) const;

    /// As BlockReader::open and Journal::open take it; the store must outlive it.
    FindDictionary finder() const;

    /// Keeps a dictionary; fine if it is there. Blocks until it is durable.
    Result<void> add(DictionaryPointer dictionary);

    /// The one added last, or null.
    DictionaryPointer newest() const;

private:
    DictionaryStore(Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

    Disk& disk_;
    const std::string folder_;

    mutable std::mutex mutex_;
    std::vector<DictionaryPointer> dictionaries_;  // guarded by mutex_; in the order they were added
};

/// The bytes of a dictionary file, and back. Errors: corrupt; unavailable for a newer version.
std::string encode_dictionary_file(const Dictionary& dictionary, std::uint64_t order);
struct DictionaryFile {
    std::uint64_t order = 0;
    DictionaryPointer dictionary;
};
Result<DictionaryFile> read_dictionary_file(std::string_view bytes, const std::string& path);

}  // namespace cairn::journal
