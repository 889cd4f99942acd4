#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "seam/disk.h"
#include "view/trail/batch.h"

namespace cairn::trail {

/// The bytes of planned files until they are published, by key, in memory or in spool files; the oldest go when there
/// are too many, since they can be made again from the log. Any thread.
class Contents {
public:
    struct Limits {
        std::size_t memory_bytes = 32 << 20;
        std::uint64_t spool_bytes = 2ull << 30;
    };
    Contents(Disk& disk, Limits limits) : disk_(disk), limits_(limits) {}

    void keep(const std::string& key, Batch::Finished finished);

    /// The bytes, which stay kept; empty when they are not there (any more).
    std::optional<std::string> find(const std::string& key);

    void drop(const std::string& key);

private:
    struct Entry {
        std::string key;
        Batch::Finished finished;
        std::uint64_t bytes = 0;
    };
    void drop_locked(std::list<Entry>::iterator entry);

    Disk& disk_;
    const Limits limits_;
    std::mutex mutex_;
    std::list<Entry> entries_;  // guarded by mutex_, as are all below; oldest first
    std::unordered_map<std::string, std::list<Entry>::iterator> places_;
    std::uint64_t memory_ = 0, spooled_ = 0;
};

}  // namespace cairn::trail
