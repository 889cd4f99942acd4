#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "seam/object_store.h"

namespace cairn::cli {

/// A file that can be imported.
struct ImportFile {
    std::string name;  ///< its path, or "s3://BUCKET/KEY"
    std::uint64_t bytes = 0;
    std::string etag;  ///< of an object
};

/// What a look at a source brought.
struct ImportListing {
    std::vector<ImportFile> files;
    std::vector<std::pair<std::string, std::string>> unreadable;  ///< name and reason
    std::vector<std::string> hidden;  ///< files and folders that were not looked at: their names begin with a dot
};

/// Where files to import are.
class ImportSource {
public:
    virtual ~ImportSource() = default;

    /// All files in name order, so that an import taken up again goes the same way. Errors: not_found; for a bucket
    /// those of the store.
    virtual Result<ImportListing> list() = 0;

    /// What a file is known by as it is now; empty for what has no content that stays: pipes.
    virtual std::string key_of(const ImportFile& file) const = 0;

    /// The bytes as they are stored. Any thread. Errors: unavailable, the source is away; else the file alone can not
    /// be read.
    virtual Result<std::string> read(const ImportFile& file) = 0;

    /// How many reads at a time are worth while.
    virtual std::size_t reads_at_once() const { return 1; }
};

/// A file, or all files below a folder but hidden ones; links are followed. "-" is standard input.
std::unique_ptr<ImportSource> path_source(std::string path);

inline constexpr std::string_view s3_scheme = "s3://";

/// All objects whose keys begin with what follows the bucket in `url` ("s3://BUCKET/PREFIX"), but markers of folders.
/// `endpoint` tells buckets of one name apart. The store outlives the source. Error: invalid, when `url` names no
/// bucket.
Result<std::unique_ptr<ImportSource>> object_source(std::string_view url, ObjectStore& store, std::string endpoint);

}  // namespace cairn::cli
