#include "view/trail/spool.h"

namespace cairn::trail {

Result<void> Spool::clear() {
    if (cleared_) return {};
    CAIRN_TRY(disk_.make_folder(folder_));
    const auto left = disk_.list(folder_);
    if (!left) return fail(left.error());
    for (const auto& name : *left) CAIRN_TRY(disk_.remove(path(name)));
    cleared_ = true;
    return {};
}

}  // namespace cairn::trail
