#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::ingest {

/// Which container the records of a body came in.
enum class Container { ndjson, records_object, array, eventbridge, lookup_output, digest, unknown };

/// One record of a body, or what stands in its place.
struct Slice {
    std::string_view text;   ///< the record, inside the body; empty when `problem` is set
    std::uint64_t line = 0;  ///< 1-based line where it begins
    std::string problem;     ///< why no record could be cut out here
};

struct Sliced {
    Container container = Container::unknown;
    std::vector<Slice> slices;
    /// Unescaped records of LookupEvents output, which are strings inside JSON: slices view into it.
    std::vector<std::string> unescaped;
};

/// Cuts a body into records without checking them (that is RecordParser's). Takes NDJSON (blank lines skipped, CRLF,
/// BOM), one record, `{"Records":[...]}` with members around it, a JSON array, EventBridge envelopes (the record is
/// `detail`), and LookupEvents output (the record is the string CloudTrailEvent). Digest files are recognised by their
/// members and yield no slice. `body` needs 64 readable bytes after its end. A broken container yields the records
/// before the damage and one slice with the problem; a broken line of NDJSON harms no other line. Every text is
/// followed by 64 readable bytes. After `slices_max` slices the rest is left out, with one more slice that says so as
/// its problem.
Sliced slice(std::string_view body, std::size_t slices_max = std::size_t{1} << 20);

/// Decompresses gzip (all members) or zstd to at most `bytes_max`, followed by 64 readable bytes of capacity.
/// Errors: invalid (damaged, named), exhausted (larger than bytes_max).
enum class Encoding { identity, gzip, zstd };
Result<std::string> decompress(std::string_view bytes, Encoding encoding, std::size_t bytes_max);

/// By magic bytes.
Encoding detect_encoding(std::string_view bytes);

}  // namespace cairn::ingest
