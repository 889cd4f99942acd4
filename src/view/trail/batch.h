#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "seam/disk.h"
#include "sign/stream_digest.h"
#include "view/trail/gzip_member.h"

namespace cairn::trail {

/// What a log file is about.
struct FileFacts {
    std::uint64_t from = 0, to = 0;       ///< event numbers, [from, to)
    std::uint64_t events = 0, bytes = 0;  ///< bytes before compression
    std::string hash;                     ///< hex SHA-256 of the uncompressed content
    Time oldest{}, newest{};              ///< eventTime
};

/// The records of one log file on their way: `{"Records":[...]}` as one gzip member, the raw records byte for byte
/// (CloudTrail user guide, "CloudTrail log file examples"). Memory stays below 128 KiB and a piece; the rest waits in a
/// file that needs no sync, since it can be made again from the log.
class Batch {
public:
    /// `spool` is a path on `disk` that nobody else uses; the file is made when it is needed and replaced if there is
    /// one.
    Batch(Disk& disk, std::string spool) : disk_(disk), spool_(std::move(spool)) {}

    /// Compressed so much at once, what is written compresses best, and quickest, and so it is read; many batches
    /// together hold less of each.
    static constexpr std::size_t piece_bytes_max = 256 * 1024, piece_bytes_min = 32 * 1024;

    /// Text waits uncompressed until there are `piece_bytes` of it. Errors: those of the disk, when the spool cannot be
    /// written; the batch is of no use then.
    Result<void> add(std::string_view record, std::uint64_t number, Time time,
                     std::size_t piece_bytes = piece_bytes_max);

    std::uint64_t events() const { return facts_.events; }
    std::uint64_t bytes() const { return facts_.bytes; }  ///< so far, before compression
    std::uint64_t from() const { return facts_.from; }

    /// A finished file: its bytes in `content`, or in the spool file.
    struct Finished {
        FileFacts facts;
        std::string content;
        std::optional<std::string> spool;
    };
    /// At least one record was added. Afterwards the batch is of no use.
    Result<Finished> finish();

private:
    Result<void> compress();
    Result<void> spill();

    Disk& disk_;
    const std::string spool_;
    std::unique_ptr<File> file_;
    std::uint64_t file_bytes_ = 0;
    FileFacts facts_;
    GzipMember member_;
    sign::StreamDigest digest_;
    std::string plain_, compressed_;
};

}  // namespace cairn::trail
