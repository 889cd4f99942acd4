#include "follow/progress.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/bytes.h"

namespace cairn::follow {

namespace {

constexpr std::string_view space = "follow";
constexpr std::uint8_t encoding_version = 2;

std::string position_key(const std::string& view) { return view + "/position"; }
std::string plan_prefix(const std::string& view) { return view + "/plan/"; }
std::string plan_key(const std::string& view, std::uint64_t id) {
    return fmt::format("{}{:020}", plan_prefix(view), id);
}

Result<void> check_version(ByteReader& reader, const std::string& what) {
    if (reader.integer<std::uint8_t>() == encoding_version) return {};
    return fail(Code::invalid, what + ": written by another version");
}

Result<Plan> decode_plan(const std::string& key, std::string_view bytes) {
    ByteReader reader(bytes);
    CAIRN_TRY(check_version(reader, "plan " + key));
    Plan plan;
    plan.id = reader.integer<std::uint64_t>();
    plan.from = reader.integer<std::uint64_t>();
    plan.to = reader.integer<std::uint64_t>();
    plan.lane = reader.text();
    plan.body = reader.text();
    if (!reader.ok() || !reader.rest().empty()) return fail(Code::corrupt, "plan " + key + ": damaged");
    return plan;
}

Result<Progress> load_position(Transaction& transaction, const std::string& view) {
    const auto value = transaction.get(space, position_key(view));
    if (!value) return fail(value.error());
    Progress progress;
    if (!*value) return progress;
    ByteReader reader(**value);
    CAIRN_TRY(check_version(reader, "position of " + view));
    progress.position = reader.integer<std::uint64_t>();
    progress.next_plan_id = reader.integer<std::uint64_t>();
    if (!reader.ok() || !reader.rest().empty()) return fail(Code::corrupt, "position of " + view + ": damaged");
    return progress;
}

}  // namespace

std::uint64_t Progress::published() const {
    auto published = position;
    for (const auto& plan : open)
        if (plan.needs_records()) published = std::min(published, plan.from);
    return published;
}

Result<Progress> load_progress(Transaction& transaction, const std::string& view) {
    auto progress = load_position(transaction, view);
    if (!progress) return progress;
    const auto plans = transaction.scan(space, plan_prefix(view), "", std::numeric_limits<std::size_t>::max());
    if (!plans) return fail(plans.error());
    for (const auto& [key, value] : *plans) {
        auto plan = decode_plan(key, value);
        if (!plan) return fail(std::move(plan).error());
        progress->next_plan_id = std::max(progress->next_plan_id, plan->id + 1);
        progress->open.push_back({plan->id, plan->from, plan->to, std::move(plan->lane)});
    }
    return progress;
}

Result<void> store_progress(Transaction& transaction, const std::string& view, std::uint64_t position,
                            std::uint64_t next_plan_id) {
    std::string value;
    append<std::uint8_t>(value, encoding_version);
    append<std::uint64_t>(value, position);
    append<std::uint64_t>(value, next_plan_id);
    return transaction.put(space, position_key(view), value);
}

Result<std::optional<Plan>> load_plan(Transaction& transaction, const std::string& view, std::uint64_t plan_id) {
    const auto key = plan_key(view, plan_id);
    const auto value = transaction.get(space, key);
    if (!value) return fail(value.error());
    if (!*value) return std::nullopt;
    auto plan = decode_plan(key, **value);
    if (!plan) return fail(std::move(plan).error());
    return std::move(*plan);
}

Result<void> store_plan(Transaction& transaction, const std::string& view, const Plan& plan) {
    std::string value;
    append<std::uint8_t>(value, encoding_version);
    append<std::uint64_t>(value, plan.id);
    append<std::uint64_t>(value, plan.from);
    append<std::uint64_t>(value, plan.to);
    append_text(value, plan.lane);
    append_text(value, plan.body);
    return transaction.put(space, plan_key(view, plan.id), value);
}

Result<void> erase_plan(Transaction& transaction, const std::string& view, std::uint64_t plan_id) {
    return transaction.erase(space, plan_key(view, plan_id));
}

Result<std::uint64_t> published_position(MetaStore& store, const std::string& view) {
    std::uint64_t position = 0;
    CAIRN_TRY(store.view([&](Transaction& transaction) -> Result<void> {
        const auto progress = load_progress(transaction, view);
        if (!progress) return fail(progress.error());
        position = progress->published();
        return {};
    }));
    return position;
}

}  // namespace cairn::follow
