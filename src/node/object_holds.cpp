#include "node/object_holds.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/log.h"
#include "event/record.h"
#include "ingest/slice.h"

namespace cairn::node {

namespace {

constexpr std::size_t content_bytes_max = 256u << 20;

/// "AWSLogs/111122223333/CloudTrail/..." holds events of that account; with an organization it stands one part later.
bool may_be_of(std::string_view key, const std::string& account) {
    return account.empty() || key.find("AWSLogs/") == std::string_view::npos ||
           key.find("/" + account + "/") != std::string_view::npos;
}

/// Events come before the file that holds them, by any span of time.
bool may_cover(const Hold& hold, const ListPage::Entry& object) {
    return may_be_of(object.key, hold.account) && !(hold.from && object.modified < *hold.from);
}

bool is_log_file(std::string_view key) {
    return key.ends_with(".json.gz") && key.find("/CloudTrail-Digest/") == std::string_view::npos;
}

RecordLimits no_limits() { return {.bytes_max = std::size_t{1} << 30, .depth_max = 1024}; }

/// The name of a hold that covers a record of the log file; empty when none does.
Result<std::string> hold_on(const std::vector<Hold>& holds, std::string_view file) {
    const auto content = ingest::decompress(file, ingest::detect_encoding(file), content_bytes_max);
    if (!content) return fail(content.error());
    const auto sliced = ingest::slice(*content);
    RecordParser parser(no_limits());
    for (const auto& slice : sliced.slices) {
        if (!slice.problem.empty()) return fail(Code::corrupt, slice.problem);
        const auto event = parser.parse(slice.text);
        if (!event) return fail(event.error());
        const auto found = std::ranges::find_if(holds, [&](const Hold& hold) { return covers(hold, **event); });
        if (found != holds.end()) return found->name;
    }
    return std::string();
}

}  // namespace

void ObjectHolds::set(std::vector<Hold> holds) {
    std::lock_guard lock(mutex_);
    holds_ = std::make_shared<const std::vector<Hold>>(std::move(holds));
    kept_.clear();
}

bool ObjectHolds::keeps(const std::string& bucket, const ListPage::Entry& object) {
    Holds holds;
    const auto name = fmt::format("{}/{}/{}", bucket, object.key, object.etag);
    {
        std::lock_guard lock(mutex_);
        if (holds_->empty()) return false;
        if (kept_.contains(name)) return true;
        holds = holds_;
    }
    const auto reason = reason_to_keep(*holds, bucket, object);
    if (reason.empty()) return false;
    std::lock_guard lock(mutex_);
    if (holds == holds_ && kept_.insert(name).second)
        log_info("retention keeps an object", {{"bucket", bucket}, {"key", object.key}, {"reason", reason}});
    return true;
}

std::string ObjectHolds::reason_to_keep(const std::vector<Hold>& all, const std::string& bucket,
                                        const ListPage::Entry& object) const {
    std::vector<Hold> holds;
    std::ranges::copy_if(all, std::back_inserter(holds), [&](const Hold& hold) { return may_cover(hold, object); });
    if (holds.empty()) return {};
    if (!is_log_file(object.key)) return fmt::format("hold \"{}\"", holds.front().name);
    const auto read = objects_.get(bucket, object.key);
    if (!read) return read.error().message;
    const auto name = hold_on(holds, read->bytes);
    if (!name) return "it cannot be read to look for held events: " + name.error().message;
    return name->empty() ? std::string() : fmt::format("hold \"{}\"", *name);
}

}  // namespace cairn::node
