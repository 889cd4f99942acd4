#include "admit/check.h"

#include <fmt/format.h>

#include "admit/manifest.h"
#include "admit/pages.h"

namespace cairn::admit {

namespace {

struct Named {
    FileKind kind;
    std::string path;
    std::uint64_t file_id;
};

std::vector<Named> files_of(const Manifest& manifest, const std::string& folder) {
    const auto path = [&](std::string_view kind, std::uint64_t id) {
        return fmt::format("{}/{:012}.{}", folder, id, kind);
    };
    std::vector<Named> files;
    for (const auto& segment : manifest.segments) {
        if (segment.filter_id != 0)
            files.push_back({FileKind::filter, path("filter", segment.filter_id), segment.filter_id});
        for (const auto& run : segment.runs) files.push_back({FileKind::run, path("run", run.file_id), run.file_id});
    }
    for (const auto& content : manifest.contents)
        files.push_back({FileKind::content, path("content", content.file_id), content.file_id});
    return files;
}

}  // namespace

Result<std::vector<Damage>> check(Disk& disk, const std::string& folder, std::uint64_t& bytes) {
    std::vector<Damage> damage;
    const auto manifest_path = folder + "/manifest";
    const auto exists = disk.exists(manifest_path);
    if (!exists) return fail(exists.error());
    if (!*exists) return damage;
    const auto text = read_file(disk, manifest_path);
    if (!text) return fail(text.error());
    const auto manifest = decode_manifest(*text);
    if (!manifest && manifest.error().code != Code::corrupt) return fail(manifest.error());
    if (!manifest) return std::vector<Damage>{{manifest_path, 0, manifest.error().message}};

    for (const auto& [kind, path, file_id] : files_of(*manifest, folder)) {
        const auto file = PagedFile::open(disk, path, kind, file_id);
        if (!file) {
            damage.push_back({path, 0, file.error().message});
            continue;
        }
        const auto pages = (*file)->header().page_count;
        for (std::uint64_t page = 0; page < pages; ++page)
            if (!(*file)->check(page))
                damage.push_back({path, page * page_bytes,
                                  "a page of the admission index is damaged; it is made again at the next start"});
        bytes += pages * page_bytes;
    }
    return damage;
}

}  // namespace cairn::admit
