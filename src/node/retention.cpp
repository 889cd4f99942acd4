#include "node/retention.h"

#include <algorithm>

#include "base/log.h"

namespace cairn::node {

namespace {

journal::Retention retention_of(const Config& config) {
    journal::Retention retention;
    retention.keep[static_cast<std::size_t>(RetentionClass::management)] = config.retain_management;
    retention.keep[static_cast<std::size_t>(RetentionClass::data)] = config.retain_data;
    retention.keep[static_cast<std::size_t>(RetentionClass::audit)] = config.retain_audit;
    retention.keep[static_cast<std::size_t>(RetentionClass::insight)] = config.retain_insight;
    return retention;
}

/// A minute is fine for days; who keeps events for seconds, as tests do, wants to see them go.
std::chrono::milliseconds interval_of(const journal::Retention& retention) {
    std::chrono::milliseconds interval = std::chrono::minutes(1);
    for (const auto& keep : retention.keep)
        if (keep) interval = std::clamp(*keep / 4, std::chrono::milliseconds(200), interval);
    return interval;
}

}  // namespace

Retention::Retention(const Config& config, Parts parts) : keep_(retention_of(config)), parts_(std::move(parts)) {
    if (std::ranges::any_of(keep_.keep, [](const auto& keep) { return keep.has_value(); }))
        looks_.emplace(interval_of(keep_), [this] { look(); });
}

void Retention::look() {
    // Reading a whole file takes a while: it is done before the log is asked, which waits for the answers.
    for (const auto& file : parts_.journal.archive_files())
        if (file.closed && journal::is_expired(file, keep_, parts_.clock.now())) parts_.holds.judge(file);
    const auto held = [&](const journal::ArchiveFileInfo& file) { return parts_.holds.keeps(file); };
    journal::TrimReport report;
    const auto done = parts_.reserve.spend([&]() -> Result<void> {
        auto trimmed = parts_.journal.trim(keep_, held, parts_.read_by_all());
        if (!trimmed) return fail(std::move(trimmed).error());
        report = std::move(*trimmed);
        return {};
    });
    parts_.reserve.fill();
    if (!done) return log_error("retention failed", {{"reason", done.error().message}});
    if (report.trimmed.empty()) return;
    parts_.trimmed = true;
    parts_.seen.forget_below(parts_.journal.begin());
    for (const auto& tombstone : report.trimmed)
        log_info("retention let a file go",
                 {{"file", tombstone.path}, {"events", tombstone.event_count}, {"bytes", tombstone.bytes}});
}

}  // namespace cairn::node
