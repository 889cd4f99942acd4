#include "view/history/check.h"

#include "view/history/catalog.h"
#include "view/history/index_file.h"

namespace cairn::history {

Result<std::vector<Damage>> check(Disk& disk, const std::string& folder, std::uint64_t& bytes) {
    std::vector<Damage> damage;
    const auto names = disk.list(folder);
    if (!names) return fail(names.error());
    ScopeRegistry registry;
    for (const auto& name : *names) {
        if (!parse_file_name(name)) continue;
        const auto path = folder + "/" + name;
        const auto file = IndexFile::open(disk, path, registry);
        if (!file && file.error().code == Code::unavailable) return fail(file.error());
        if (!file)
            damage.push_back({path, 0, file.error().message});
        else if (!(*file)->check_all())
            damage.push_back({path, 0, "a page of the history index is damaged; it is made again at the next start"});
        else
            bytes += (*file)->header().file_bytes;
    }
    return damage;
}

}  // namespace cairn::history
