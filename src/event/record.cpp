#include "event/record.h"

#include <array>

#include "base/bytes.h"
#include "base/check.h"

namespace cairn {

std::string_view category_name(Category category) {
    switch (category) {
        case Category::management: return "Management";
        case Category::data: return "Data";
        case Category::network_activity: return "NetworkActivity";
        case Category::insight: return "Insight";
        case Category::aggregated: return "Aggregated";
        case Category::activity: return "ActivityAuditLog";
        case Category::other: return "Other";
    }
    CAIRN_CHECK(!"a category without a name");
    return {};
}

std::string_view retention_class_name(RetentionClass retention) {
    switch (retention) {
        case RetentionClass::management: return "management";
        case RetentionClass::data: return "data";
        case RetentionClass::audit: return "audit";
        case RetentionClass::insight: return "insight";
    }
    CAIRN_CHECK(!"a retention class without a name");
    return {};
}

RetentionClass retention_class(Category category) {
    switch (category) {
        case Category::management: return RetentionClass::management;
        case Category::data:
        case Category::network_activity:
        case Category::aggregated: return RetentionClass::data;
        case Category::insight: return RetentionClass::insight;
        case Category::activity:
        case Category::other: return RetentionClass::audit;
    }
    CAIRN_CHECK(!"a category without a retention class");
    return {};
}

std::uint64_t identity_hash(const HashKey& key, std::string_view account, std::string_view event_id) {
    // The account's length goes in front, so that no two pairs make the same bytes.
    std::array<char, 256> buffer;
    const std::size_t size = 8 + account.size() + event_id.size();
    if (size <= buffer.size()) {
        store<std::uint64_t>(buffer.data(), account.size());
        account.copy(buffer.data() + 8, account.size());
        event_id.copy(buffer.data() + 8 + account.size(), event_id.size());
        return key.hash64({buffer.data(), size});
    }
    std::string bytes;
    append<std::uint64_t>(bytes, account.size());
    bytes.append(account).append(event_id);
    return key.hash64(bytes);
}

}  // namespace cairn
