#include "view/trail/keys.h"

#include <chrono>

#include <fmt/format.h>

#include "base/uuid.h"

namespace cairn::trail {

namespace {

struct Civil {
    std::chrono::year_month_day day;
    std::chrono::hh_mm_ss<std::chrono::seconds> time;
};

Civil civil(Time time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss<std::chrono::seconds>(seconds - day)};
}

std::string with_slash(std::string_view part) { return part.empty() ? std::string() : fmt::format("{}/", part); }

}  // namespace

std::string_view tree_name(Tree tree) {
    static constexpr std::string_view names[tree_count] = {"CloudTrail", "CloudTrail-Insight",
                                                           "CloudTrail-NetworkActivity", "CloudTrail-Aggregated"};
    return names[static_cast<std::size_t>(tree)];
}

std::string root_folder(std::string_view prefix, std::string_view organization) {
    return fmt::format("{}AWSLogs/{}", with_slash(prefix), with_slash(organization));
}

std::string marker_key(std::string_view prefix, std::string_view organization, std::string_view account,
                       std::string_view tree) {
    return fmt::format("{}{}/{}/", root_folder(prefix, organization), account, tree);
}

std::string folder(const Folder& folder, Time day) {
    const auto date = civil(day).day;
    return fmt::format("{}{}/{:04}/{:02}/{:02}/",
                       marker_key(folder.prefix, folder.organization, folder.account, folder.tree), folder.region,
                       static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()));
}

std::string log_file_key(const Folder& place, Time closed, std::string_view unique) {
    constexpr auto step = std::chrono::minutes(5);
    const auto minute = std::chrono::ceil<std::chrono::minutes>(closed);
    const auto slot = minute + (step - minute.time_since_epoch() % step) % step;
    const auto at = civil(slot);
    return fmt::format("{}{}_{}_{}_{:04}{:02}{:02}T{:02}{:02}Z_{}.json.gz", folder(place, slot), place.account,
                       place.tree, place.region, static_cast<int>(at.day.year()), static_cast<unsigned>(at.day.month()),
                       static_cast<unsigned>(at.day.day()), at.time.hours().count(), at.time.minutes().count(), unique);
}

std::string unique_name() {
    static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::string name;
    while (name.size() < 16) {
        for (const char byte : random_bytes(32)) {
            const std::size_t value = static_cast<unsigned char>(byte) >> 2;  // 0 to 63: two values are none of ours
            if (value < letters.size() && name.size() < 16) name.push_back(letters[value]);
        }
    }
    return name;
}

}  // namespace cairn::trail
