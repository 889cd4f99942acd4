#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace cairn::trail {

/// Log files that were planned and are not in their bucket yet, by lane: as far as this process planned them. Any
/// thread.
class OpenFiles {
public:
    void add(const std::string& lane, const std::string& key);
    void drop(const std::string& lane, const std::string& key);  ///< fine if it is not there
    std::size_t count(std::string_view lane) const;
    void clear();

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::set<std::string>, std::less<>> keys_;  // guarded by mutex_
};

}  // namespace cairn::trail
