#include "api/trail_calls.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "api/lookup.h"
#include "api/trail_answer.h"
#include "api/trail_destination.h"
#include "api/trail_find.h"
#include "api/trail_input.h"
#include "api/trail_selectors.h"
#include "base/utf8.h"

namespace cairn::api {

namespace {

using trail::Trail;
using wire::ApiError;
using Answer = std::expected<Json, ApiError>;

constexpr std::size_t list_page = 100;

std::unexpected<ApiError> refuse(const char* code, std::string message) {
    return std::unexpected(ApiError{code, std::move(message)});
}

std::optional<std::string> text_of(const Json& input, std::string_view name) {
    const auto* member = input.find(name);
    return member ? std::optional(member->as_string()) : std::nullopt;
}
std::optional<bool> flag_of(const Json& input, std::string_view name) {
    const auto* member = input.find(name);
    return member ? std::optional(member->as_bool()) : std::nullopt;
}

/// Applies the settings of a request to a trail. In an update an empty text takes a setting away.
Checked apply(const TrailServices& services, const Json& input, bool update, Trail& trail) {
    const auto optional = [&](std::string_view name, std::optional<std::string>& member) {
        const auto given = text_of(input, name);
        if (!given) return;
        member = given->empty() ? std::nullopt : given;
    };
    if (const auto bucket = text_of(input, "S3BucketName")) trail.bucket = *bucket;
    if (auto checked = check_bucket_name(trail.bucket); !checked) return checked;
    optional("S3KeyPrefix", trail.prefix);
    if (trail.prefix)
        if (auto checked = check_prefix(*trail.prefix); !checked) return checked;

    if (const auto topic = text_of(input, "SnsTopicName")) {
        trail.topic_name.reset();
        trail.topic_arn.reset();
        if (!topic->empty()) {
            auto arn = topic_arn_of(*topic, trail.account, trail.home_region);
            if (!arn) return std::unexpected(arn.error());
            trail.topic_name = *topic;
            trail.topic_arn = std::move(*arn);
        }
    }
    if (const auto key = text_of(input, "KmsKeyId")) {
        trail.key_arn.reset();
        if (!key->empty()) {
            auto arn = key_arn_of(*key, trail.account, trail.home_region, services.lenient);
            if (!arn) return std::unexpected(arn.error());
            trail.key_arn = std::move(*arn);
        }
    }
    const auto group = text_of(input, "CloudWatchLogsLogGroupArn"), role = text_of(input, "CloudWatchLogsRoleArn");
    if (update && ((group && group->empty()) || (role && role->empty()))) {
        trail.log_group_arn.reset();
        trail.log_role_arn.reset();
    } else {
        optional("CloudWatchLogsLogGroupArn", trail.log_group_arn);
        optional("CloudWatchLogsRoleArn", trail.log_role_arn);
        if (auto checked = check_log_group(trail.log_group_arn, trail.log_role_arn, trail.account, trail.home_region,
                                           services.lenient);
            !checked)
            return checked;
    }

    const auto multi_region = flag_of(input, "IsMultiRegionTrail"),
               global = flag_of(input, "IncludeGlobalServiceEvents");
    if (update && multi_region && *multi_region != trail.multi_region && !global) trail.global_events = *multi_region;
    if (multi_region) trail.multi_region = *multi_region;
    if (global) trail.global_events = *global;
    if (trail.multi_region && !trail.global_events)
        return refuse("InvalidParameterCombinationException", "Multi-Region trail must include global service events.");
    if (const auto validation = flag_of(input, "EnableLogFileValidation")) trail.validation = *validation;
    if (const auto organization = flag_of(input, "IsOrganizationTrail")) trail.organization = *organization;
    if (const auto recursive = flag_of(input, "RecursiveLogging")) trail.recursive_logging = *recursive;
    return {};
}

Checked check_organization(const TrailServices& services, const Trail& trail) {
    if (!trail.organization || services.lenient) return {};
    return refuse("OrganizationsNotInUseException", "Your account is not in an organization.");
}

Answer create_trail(const TrailServices& services, const Call& call, const Json& input) {
    Trail made;
    const auto name = text_of(input, "Name");
    if (!name) return refuse("InvalidTrailNameException", "A trail name must be given.");
    if (auto checked = check_trail_name(*name); !checked) return std::unexpected(checked.error());
    made.name = *name;
    made.account = account_of(call);
    made.home_region = region_of(call);
    if (auto checked = apply(services, input, false, made); !checked) return std::unexpected(checked.error());
    auto tags = read_tags(input.find("TagsList"));
    if (!tags) return std::unexpected(tags.error());
    made.tags = std::move(*tags);

    const ApiError taken{"TrailAlreadyExistsException",
                         fmt::format("Trail {} already exists for customer: {}", made.name, made.account)};
    if (services.trails.find(made.account, made.home_region, made.name)) return std::unexpected(taken);
    if (auto checked = check_organization(services, made); !checked) return std::unexpected(checked.error());
    if (auto checked = check_destination(services, made, nullptr); !checked) return std::unexpected(checked.error());
    const auto stored = services.trails.create(made, {services.trails_per_region, services.regions});
    if (stored) return changed_trail(*stored);
    if (stored.error().code == Code::conflict) return std::unexpected(taken);
    if (stored.error().code == Code::exhausted &&
        std::ranges::find(services.regions, stored.error().message) != services.regions.end())
        return refuse("MaximumNumberOfTrailsExceededException",
                      fmt::format("User: {} already has {} trails in {}.", made.account, services.trails_per_region,
                                  stored.error().message));
    return std::unexpected(inner_error(stored.error(), "creating a trail"));
}

Answer update_trail(const TrailServices& services, const Call& call, const Json& input) {
    const auto before = find_home_trail(services, call, input.text("Name"));
    if (!before) return std::unexpected(before.error());
    auto wanted = *before;
    if (auto checked = apply(services, input, true, wanted); !checked) return std::unexpected(checked.error());
    if (auto checked = check_organization(services, wanted); !checked) return std::unexpected(checked.error());
    if (auto checked = check_destination(services, wanted, &*before); !checked) return std::unexpected(checked.error());
    std::optional<ApiError> refused;
    const auto changed = services.trails.change(before->arn(), [&](Trail& trail) -> Result<void> {
        const auto applied = apply(services, input, true, trail);
        if (input.find("KmsKeyId"))
            trail.key_arn = wanted.key_arn;  // an alias names the key that it named when it was checked
        if (applied) return {};
        refused = applied.error();
        return fail(Code::invalid, applied.error().message);
    });
    if (refused) return std::unexpected(*refused);
    if (!changed) return std::unexpected(trail_change_failed(call, before->arn(), changed.error()));
    if (before->bucket != changed->bucket) {
        const auto reset = services.store.transact(
            [&](Transaction& transaction) { return trail::reset_status(transaction, changed->id); });
        if (!reset) return std::unexpected(inner_error(reset.error(), "resetting a trail's status"));
    }
    return changed_trail(*changed);
}

Answer delete_trail(const TrailServices& services, const Call& call, const Json& input) {
    const auto trail = find_home_trail(services, call, input.text("Name"));
    if (!trail) return std::unexpected(trail.error());
    if (const auto removed = services.trails.remove(trail->arn()); !removed)
        return std::unexpected(trail_change_failed(call, trail->arn(), removed.error()));
    return JsonObject{};
}

Answer get_trail(const TrailServices& services, const Call& call, const Json& input) {
    const auto found = find_trail(services, call, input.text("Name"));
    if (!found) return std::unexpected(found.error());
    return JsonObject{{"Trail", described_trail((*found)->newest())}};
}

Answer describe_trails(const TrailServices& services, const Call& call, const Json& input) {
    JsonArray trails;
    const auto* names = input.find("trailNameList");
    if (names && !names->as_array().empty()) {
        for (const auto& name : names->as_array()) {
            const auto found = find_trail(services, call, name.as_string());
            if (found)
                trails.push_back(described_trail((*found)->newest()));
            else if (found.error().code != "TrailNotFoundException")
                return std::unexpected(found.error());
        }
        return JsonObject{{"trailList", std::move(trails)}};
    }
    const bool shadows = flag_of(input, "includeShadowTrails").value_or(true);
    for (const auto& history : services.trails.list()) {
        const auto& trail = history->newest();
        if (trail.account != account_of(call)) continue;
        if (trail.home_region == region_of(call) || (shadows && trail.seen_in(region_of(call))))
            trails.push_back(described_trail(trail));
    }
    return JsonObject{{"trailList", std::move(trails)}};
}

/// The token is the ARN of the last trail of the page before.
Answer list_trails(const TrailServices& services, const Call& call, const Json& input) {
    std::string after;
    if (const auto token = text_of(input, "NextToken")) {
        const auto arn = trail::parse_trail_arn(*token);
        if (!arn || arn->account != account_of(call))
            return refuse("ValidationException", "NextToken is not one that ListTrails gave.");
        after = *token;
    }
    Json answer = JsonObject{};
    JsonArray trails;
    for (const auto& history : services.trails.list()) {
        const auto& trail = history->newest();
        const auto arn = trail.arn();
        if (trail.account != account_of(call) || arn <= after) continue;
        if (trails.size() == list_page) {
            answer.set("NextToken", trails.back().text("TrailARN"));
            break;
        }
        trails.push_back(JsonObject{{"TrailARN", arn}, {"Name", trail.name}, {"HomeRegion", trail.home_region}});
    }
    answer.set("Trails", std::move(trails));
    return answer;
}

Answer get_trail_status(const TrailServices& services, const Call& call, const Json& input) {
    const auto found = find_trail(services, call, input.text("Name"));
    if (!found) return std::unexpected(found.error());
    const auto& trail = (*found)->newest();
    trail::TrailStatus status;
    const auto read = services.store.view([&](Transaction& transaction) -> Result<void> {
        const auto loaded = trail::load_status(transaction, trail.id, region_of(call));
        if (!loaded) return fail(loaded.error());
        status = *loaded;
        return {};
    });
    if (!read) return std::unexpected(inner_error(read.error(), "reading a trail's status"));
    return trail_status(trail, status);
}

Answer set_logging(const TrailServices& services, const Call& call, const Json& input, bool logging) {
    const auto trail = find_home_trail(services, call, input.text("Name"));
    if (!trail) return std::unexpected(trail.error());
    if (trail->logging == logging) return JsonObject{};
    const auto changed = services.trails.change(trail->arn(), [&](Trail& next) -> Result<void> {
        next.logging = logging;
        (logging ? next.started : next.stopped) = call.received;
        return {};
    });
    if (!changed) return std::unexpected(trail_change_failed(call, trail->arn(), changed.error()));
    return JsonObject{};
}
Answer start_logging(const TrailServices& services, const Call& call, const Json& input) {
    return set_logging(services, call, input, true);
}
Answer stop_logging(const TrailServices& services, const Call& call, const Json& input) {
    return set_logging(services, call, input, false);
}

Answer list_public_keys(const TrailServices& services, const Call& call, const Json& input) {
    if (!input.text("NextToken").empty())
        return refuse("InvalidTokenException", "NextToken is reserved for future use.");
    const auto time_of = [&](std::string_view name, Time otherwise) {
        const auto* member = input.find(name);
        return member ? from_milliseconds(static_cast<std::int64_t>(std::llround(member->as_number() * 1000)))
                      : otherwise;
    };
    const auto start = time_of("StartTime", call.received), end = time_of("EndTime", call.received);
    if (start > end) return refuse("InvalidTimeRangeException", "Start time must be before end time.");
    const auto keys = services.keys.list(region_of(call), start, end);
    if (!keys) return std::unexpected(inner_error(keys.error(), "listing public keys"));
    JsonArray list;
    const auto seconds = [](Time time) { return static_cast<double>(to_milliseconds(time)) / 1000; };
    for (const auto& key : *keys)
        list.push_back(JsonObject{{"Value", key.der},
                                  {"ValidityStartTime", seconds(key.valid_from)},
                                  {"ValidityEndTime", seconds(key.valid_to)},
                                  {"Fingerprint", key.fingerprint}});
    return JsonObject{{"PublicKeyList", std::move(list)}};
}

// --- tags ---

/// A trail named by its ARN, as operations on tags name it.
std::expected<Trail, ApiError> find_tagged(const TrailServices& services, const Call& call, std::string_view arn,
                                           bool at_home) {
    const auto invalid = [&] {
        return refuse("CloudTrailARNInvalidException", fmt::format("Invalid ARN: {}", valid_utf8(arn, 300)));
    };
    const auto parsed = trail::parse_trail_arn(arn);
    if (!parsed) {
        if (!arn.starts_with("arn:")) return invalid();
        const bool ours = arn.starts_with("arn:aws:cloudtrail:");
        if (!ours)
            return refuse("ResourceTypeNotSupportedException",
                          fmt::format("Resource {} cannot be tagged.", valid_utf8(arn, 300)));
        if (arn.find(":eventdatastore/") != std::string_view::npos)
            return refuse("EventDataStoreNotFoundException", "The specified event data store was not found.");
        if (arn.find(":channel/") != std::string_view::npos)
            return refuse("ChannelNotFoundException", "The specified channel was not found.");
        return invalid();
    }
    const auto found = services.trails.find(arn);
    if (!found || found->newest().account != account_of(call))
        return refuse("ResourceNotFoundException",
                      fmt::format("Unknown trail: {} for the user: {}", arn, account_of(call)));
    if (at_home) return find_home_trail(services, call, arn);
    return found->newest();
}

template <class Change>
Answer change_tags(const TrailServices& services, const Call& call, const Json& input, Change&& change) {
    const auto trail = find_tagged(services, call, input.text("ResourceId"), true);
    if (!trail) return std::unexpected(trail.error());
    const auto tags = read_tags(input.find("TagsList"));
    if (!tags) return std::unexpected(tags.error());
    std::optional<ApiError> refused;
    const auto changed = services.trails.change(trail->arn(), [&](Trail& next) -> Result<void> {
        refused = change(next, *tags);
        return refused ? fail(Code::invalid, refused->message) : Result<void>();
    });
    if (refused) return std::unexpected(*refused);
    if (!changed) return std::unexpected(trail_change_failed(call, trail->arn(), changed.error()));
    return JsonObject{};
}

using Tags = std::vector<std::pair<std::string, std::string>>;

Answer add_tags(const TrailServices& services, const Call& call, const Json& input) {
    return change_tags(services, call, input, [](Trail& trail, const Tags& tags) -> std::optional<ApiError> {
        for (const auto& tag : tags) {
            const auto there = std::ranges::find(trail.tags, tag.first, &Tags::value_type::first);
            if (there != trail.tags.end())
                there->second = tag.second;
            else
                trail.tags.push_back(tag);
        }
        constexpr std::size_t tags_max = 50;
        if (trail.tags.size() <= tags_max) return std::nullopt;
        return ApiError{"TagsLimitExceededException",
                        "The number of tags per trail has exceeded the permitted amount. Currently, the limit is 50."};
    });
}

Answer remove_tags(const TrailServices& services, const Call& call, const Json& input) {
    return change_tags(services, call, input, [](Trail& trail, const Tags& tags) -> std::optional<ApiError> {
        for (const auto& tag : tags)
            std::erase_if(trail.tags, [&](const auto& other) { return other.first == tag.first; });
        return std::nullopt;
    });
}

Answer list_tags(const TrailServices& services, const Call& call, const Json& input) {
    if (!input.text("NextToken").empty())
        return refuse("InvalidTokenException", "NextToken is reserved for future use.");
    const auto* ids = input.find("ResourceIdList");
    constexpr std::size_t ids_max = 20;
    if (ids && ids->as_array().size() > ids_max)
        return refuse("ValidationException", "ResourceIdList can have at most 20 ARNs.");
    JsonArray list;
    for (const auto& id : ids ? ids->as_array() : JsonArray{}) {
        const auto trail = find_tagged(services, call, id.as_string(), false);
        if (!trail) return std::unexpected(trail.error());
        JsonArray tags;
        for (const auto& [key, value] : trail->tags) tags.push_back(JsonObject{{"Key", key}, {"Value", value}});
        list.push_back(JsonObject{{"ResourceId", id.as_string()}, {"TagsList", std::move(tags)}});
    }
    return JsonObject{{"ResourceTagList", std::move(list)}};
}

struct Row {
    std::string_view operation;
    TrailOperation run;
    std::string_view names_trail;  ///< the member that does; empty: none
};
constexpr Row rows[] = {
    {"CreateTrail", create_trail, "Name"},
    {"UpdateTrail", update_trail, "Name"},
    {"DeleteTrail", delete_trail, "Name"},
    {"GetTrail", get_trail, "Name"},
    {"DescribeTrails", describe_trails, ""},
    {"ListTrails", list_trails, ""},
    {"GetTrailStatus", get_trail_status, "Name"},
    {"StartLogging", start_logging, "Name"},
    {"StopLogging", stop_logging, "Name"},
    {"ListPublicKeys", list_public_keys, ""},
    {"AddTags", add_tags, "ResourceId"},
    {"RemoveTags", remove_tags, "ResourceId"},
    {"ListTags", list_tags, ""},
    {"PutEventSelectors", put_event_selectors, "TrailName"},
    {"GetEventSelectors", get_event_selectors, "TrailName"},
    {"PutInsightSelectors", put_insight_selectors, "TrailName"},
    {"GetInsightSelectors", get_insight_selectors, "TrailName"},
    {"PutEventConfiguration", put_event_configuration, "TrailName"},
    {"GetEventConfiguration", get_event_configuration, "TrailName"},
};

}  // namespace

TrailOperation find_trail_operation(std::string_view operation) {
    const auto* row = std::ranges::find(rows, operation, &Row::operation);
    return row == std::end(rows) ? nullptr : row->run;
}

std::string trail_resource(std::string_view operation, const Call& call, const Json& input) {
    const auto* row = std::ranges::find(rows, operation, &Row::operation);
    if (row == std::end(rows) || row->names_trail.empty()) return "*";
    const auto reference = read_trail_reference(input.text(row->names_trail), account_of(call), region_of(call));
    return reference ? reference->arn : "*";
}

}  // namespace cairn::api
