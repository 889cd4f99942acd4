#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ingest/ingest.h"
#include "seam/object_store.h"

namespace cairn::cli {

/// Where imported records go: a running node, or a data directory opened by this process.
class ImportSink {
public:
    virtual ~ImportSink() = default;

    struct Problem {
        std::size_t index = 0;  ///< in the texts given
        ingest::Outcome outcome = ingest::Outcome::rejected;
        std::string event_id, reason;
    };
    struct Taken {
        ingest::Counts counts;
        std::vector<Problem> problems;  ///< conflicts and rejections
    };

    /// Stores the records, durable on return. Each text is followed by RecordParser::padding readable bytes. May be
    /// called from several threads. Errors: those of Ingest::submit; of the connection.
    virtual Result<Taken> put(const std::vector<std::string_view>& texts) = 0;
};

struct ImportOptions {
    std::vector<std::string> paths;  ///< files and folders; "-" is standard input; "s3://BUCKET/PREFIX"
    ObjectStore* objects = nullptr;  ///< where buckets are; there when a path names one
    std::string objects_endpoint;    ///< its URL: what is finished is remembered with it
    std::string state_file;          ///< which files are finished; empty: none is kept. One for each store
    int workers = 2;
    std::size_t file_bytes_max = 4ull << 30;  ///< after decompression
};

/// What was read and what became of it: read = stored + duplicate + conflict + rejected.
struct ImportReport {
    std::uint64_t files = 0, files_skipped = 0, digest_files = 0, bytes = 0, read = 0;
    std::uint64_t hidden = 0;  ///< files and folders that were left out, for their names begin with a dot
    bool interrupted = false;  ///< the progress said so; what was read is stored
    ingest::Counts counts;
    struct Line {
        std::string file;
        std::uint64_t line = 0;
        ingest::Outcome outcome = ingest::Outcome::rejected;
        std::string event_id, reason;
    };
    std::vector<Line> lines;              ///< every conflict and rejection, in order of files and lines
    std::vector<std::string> unreadable;  ///< files and folders that could not be read or decompressed, with the reason
};

/// Called now and then from one thread: bytes read so far, bytes known of, records read. False stops the import: no
/// further file is opened, and what was read is stored and reported.
using ImportProgress = std::function<bool(std::uint64_t done, std::uint64_t total, std::uint64_t records)>;

/// Reads every file below the paths (AWSLogs layout or any other; plain, gzip or zstd; NDJSON, log files, EventBridge
/// envelopes, LookupEvents output), again and again until no new one has appeared, and hands the records on. A file
/// that has changed since it was read is read once more. Links are followed. Files that `state_file` names as finished
/// and that have not changed are skipped, so that an import can be taken up again; a file is finished only when
/// all its records are durable and none was rejected. Errors: not_found for a path; unavailable when a bucket is away;
/// else that of the sink; after all of them the import can be started again.
Result<ImportReport> import_files(const ImportOptions& options, ImportSink& sink, const ImportProgress& progress);

}  // namespace cairn::cli
