#include "view/trail/batch.h"

#include <algorithm>

#include "base/check.h"

namespace cairn::trail {

namespace {

constexpr std::size_t compressed_bytes_max = 64 * 1024;
constexpr std::size_t usual_record_bytes_max = 8 * 1024;

}  // namespace

Result<void> Batch::add(std::string_view record, std::uint64_t number, Time time, std::size_t piece_bytes) {
    if (facts_.events == 0) {
        facts_.from = number;
        plain_.reserve(piece_bytes + usual_record_bytes_max);  // growing by doubling would need half as much again
        facts_.oldest = facts_.newest = time;
    }
    const std::size_t waiting = plain_.size();
    plain_.append(facts_.events == 0 ? std::string_view("{\"Records\":[") : std::string_view(","));
    plain_.append(record);
    facts_.bytes += plain_.size() - waiting;
    facts_.to = number + 1;
    facts_.oldest = std::min(facts_.oldest, time);
    facts_.newest = std::max(facts_.newest, time);
    ++facts_.events;
    return plain_.size() < piece_bytes ? Result<void>() : compress();
}

Result<void> Batch::compress() {
    digest_.add(plain_);
    member_.append(plain_, compressed_);
    plain_.clear();
    return compressed_.size() < compressed_bytes_max ? Result<void>() : spill();
}

Result<void> Batch::spill() {
    if (!file_) {
        auto opened = disk_.open(spool_, OpenMode::create);
        if (!opened) return fail(std::move(opened).error());
        file_ = std::move(*opened);
        CAIRN_TRY(file_->truncate(0));
    }
    CAIRN_TRY(file_->write(file_bytes_, compressed_));
    file_bytes_ += compressed_.size();
    compressed_.clear();
    return {};
}

Result<Batch::Finished> Batch::finish() {
    CAIRN_CHECK(facts_.events > 0);
    constexpr std::string_view end = "]}";
    plain_.append(end);
    facts_.bytes += end.size();
    CAIRN_TRY(compress());
    member_.finish(compressed_);
    if (file_) CAIRN_TRY(spill());
    compressed_.shrink_to_fit();  // it may wait for long
    facts_.hash = digest_.hex();
    Finished finished{std::move(facts_), std::move(compressed_), std::nullopt};
    if (file_) finished.spool = spool_;
    return finished;
}

}  // namespace cairn::trail
