#include "node/disk_reserve.h"

#include "base/log.h"

namespace cairn::node {

void DiskReserve::fill() {
    std::lock_guard lock(mutex_);
    const auto there = disk_.exists(path_);
    if (!there || *there || take()) return;
    (void)disk_.remove(path_);  // half of it is of no use, and others may need it
}

Result<void> DiskReserve::take() {
    const auto file = disk_.open(path_, OpenMode::create);
    if (!file) return fail(file.error());
    CAIRN_TRY((*file)->preallocate(bytes_));
    return (*file)->sync();
}

Result<void> DiskReserve::spend(const std::function<Result<void>()>& work) {
    auto done = work();
    if (done || done.error().code != Code::exhausted) return done;
    {
        std::lock_guard lock(mutex_);
        if (!disk_.remove(path_)) return done;
    }
    log_warning("the device is full: retention works in the space that was reserved for it");
    done = work();
    fill();
    return done;
}

}  // namespace cairn::node
