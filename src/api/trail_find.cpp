#include "api/trail_find.h"

#include <fmt/format.h>

#include "api/lookup.h"

namespace cairn::api {

using trail::Trail;
using trail::TrailHistory;
using wire::ApiError;

const std::string& account_of(const Call& call) { return call.caller.principal.account; }
const std::string& region_of(const Call& call) { return call.caller.region; }

Checked check_reference(const Call& call, std::string_view text) {
    const auto reference = read_trail_reference(text, account_of(call), region_of(call));
    return reference ? Checked() : std::unexpected(reference.error());
}

std::expected<std::shared_ptr<const TrailHistory>, ApiError> find_trail(const TrailServices& services, const Call& call,
                                                                        std::string_view text) {
    const auto reference = read_trail_reference(text, account_of(call), region_of(call));
    if (!reference) return std::unexpected(reference.error());
    auto found = reference->bare ? services.trails.find(account_of(call), region_of(call), reference->name)
                                 : services.trails.find(reference->arn);
    if (!found || found->newest().account != account_of(call))
        return std::unexpected(unknown_trail(call, reference->arn));
    return found;
}

std::expected<Trail, ApiError> find_home_trail(const TrailServices& services, const Call& call, std::string_view text) {
    const auto found = find_trail(services, call, text);
    if (!found) return std::unexpected(found.error());
    const auto& trail = (*found)->newest();
    if (trail.home_region == region_of(call)) return trail;
    return std::unexpected(ApiError{"InvalidHomeRegionException",
                                    fmt::format("The home Region of trail {} is {}: it can be changed only there.",
                                                trail.arn(), trail.home_region)});
}

ApiError unknown_trail(const Call& call, std::string_view arn) {
    return {"TrailNotFoundException", fmt::format("Unknown trail: {} for the user: {}", arn, account_of(call))};
}

ApiError trail_change_failed(const Call& call, std::string_view arn, const Error& error) {
    if (error.code == Code::not_found) return unknown_trail(call, arn);
    return inner_error(error, "changing a trail");
}

}  // namespace cairn::api
