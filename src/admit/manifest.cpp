#include "admit/manifest.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace cairn::admit {

namespace {

constexpr std::string_view magic = "cairnsem";
constexpr std::uint32_t manifest_version = 1;

bool consistent(const Manifest& manifest) {
    if (manifest.table_entries == 0 || manifest.fan_out < 2) return false;
    std::uint64_t end = 0;
    for (const auto& segment : manifest.segments) {
        if (segment.level == 0 || segment.first < end || segment.end <= segment.first) return false;
        auto at = segment.first;
        for (const auto& run : segment.runs) {
            if (run.first < at || run.end <= run.first || run.end > segment.end) return false;
            at = run.end;
        }
        end = segment.end;
    }
    for (std::size_t i = 1; i < manifest.contents.size(); ++i)
        if (manifest.contents[i].first < manifest.contents[i - 1].first + manifest.table_entries) return false;
    return true;
}

}  // namespace

std::string encode_manifest(const Manifest& manifest) {
    std::string out(magic);
    append<std::uint32_t>(out, manifest_version);
    append<std::uint32_t>(out, manifest.fan_out);
    append<std::uint64_t>(out, manifest.table_entries);
    append<std::uint64_t>(out, manifest.covered);
    append<std::uint64_t>(out, manifest.next_file_id);
    append<std::uint32_t>(out, static_cast<std::uint32_t>(manifest.segments.size()));
    for (const auto& segment : manifest.segments) {
        append<std::uint32_t>(out, segment.level);
        append<std::uint64_t>(out, segment.first);
        append<std::uint64_t>(out, segment.end);
        append<std::uint64_t>(out, segment.filter_id);
        append<std::uint32_t>(out, static_cast<std::uint32_t>(segment.runs.size()));
        for (const auto& run : segment.runs) {
            append<std::uint64_t>(out, run.file_id);
            append<std::uint64_t>(out, run.first);
            append<std::uint64_t>(out, run.end);
        }
    }
    append<std::uint32_t>(out, static_cast<std::uint32_t>(manifest.contents.size()));
    for (const auto& content : manifest.contents) {
        append<std::uint64_t>(out, content.file_id);
        append<std::uint64_t>(out, content.first);
    }
    append<std::uint32_t>(out, crc32c(out));
    return out;
}

Result<Manifest> decode_manifest(std::string_view bytes) {
    const auto damaged = [] { return fail(Code::corrupt, "damaged manifest of the seen index"); };
    if (bytes.size() < magic.size() + 8 || !bytes.starts_with(magic)) return damaged();
    const auto body = bytes.substr(0, bytes.size() - 4);
    if (load<std::uint32_t>(body.data() + body.size()) != crc32c(body)) return damaged();

    ByteReader reader(body.substr(magic.size()));
    const auto version = reader.integer<std::uint32_t>();
    if (version == 0) return damaged();
    if (version > manifest_version)
        return fail(Code::invalid, "manifest of the seen index: format version " + std::to_string(version) +
                                       " is newer than this program's " + std::to_string(manifest_version));
    Manifest manifest;
    manifest.fan_out = reader.integer<std::uint32_t>();
    manifest.table_entries = reader.integer<std::uint64_t>();
    manifest.covered = reader.integer<std::uint64_t>();
    manifest.next_file_id = reader.integer<std::uint64_t>();
    for (auto left = reader.integer<std::uint32_t>(); left > 0 && reader.ok(); --left) {
        Manifest::Segment segment;
        segment.level = reader.integer<std::uint32_t>();
        segment.first = reader.integer<std::uint64_t>();
        segment.end = reader.integer<std::uint64_t>();
        segment.filter_id = reader.integer<std::uint64_t>();
        for (auto runs = reader.integer<std::uint32_t>(); runs > 0 && reader.ok(); --runs) {
            Manifest::RunFile run;
            run.file_id = reader.integer<std::uint64_t>();
            run.first = reader.integer<std::uint64_t>();
            run.end = reader.integer<std::uint64_t>();
            segment.runs.push_back(run);
        }
        manifest.segments.push_back(std::move(segment));
    }
    for (auto left = reader.integer<std::uint32_t>(); left > 0 && reader.ok(); --left) {
        Manifest::ContentFile content;
        content.file_id = reader.integer<std::uint64_t>();
        content.first = reader.integer<std::uint64_t>();
        manifest.contents.push_back(content);
    }
    if (!reader.ok() || !reader.rest().empty() || !consistent(manifest)) return damaged();
    return manifest;
}

}  // namespace cairn::admit
