#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"

namespace cairn::cli {

/// The files an import has finished, by path, size and time of change: a text file to which one line is appended for
/// each.
class ImportState {
public:
    /// Reads what is there; an empty `path` keeps nothing. A torn last line is ignored. Error: denied, when it cannot
    /// be written.
    static Result<ImportState> open(const std::string& path);

    /// What a file is known by as it is now. Taken before it is read, so that what is added later counts as a change.
    static std::string key_of(const std::string& file);

    bool finished(const std::string& key) const { return keys_.contains(key); }
    Result<void> finish(const std::string& key);

private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    std::set<std::string> keys_;
    std::unique_ptr<std::FILE, Close> out_;
};

}  // namespace cairn::cli
