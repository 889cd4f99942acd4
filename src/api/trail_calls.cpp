#include "api/trail_calls.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/lookup.h"
#include "api/trail_answer.h"
#include "api/trail_destination.h"
#include "api/trail_find.h"
#include "api/trail_input.h"
#include "api/trail_selectors.h"
#include "wire/model.h"

namespace cairn::api {

namespace {

using trail::Trail;
using wire::ApiError;
using Answer = std::expected<Json, ApiError>;

constexpr std::size_t list_page = 100;
constexpr const char* multi_region_needs_global = "Multi-Region trail must include global service events.";

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

/// What is wrong with the settings of a request whatever the trail is.
Checked check_settings(const TrailServices& services, const Call& call, const Json& input) {
    const auto given = [&](std::string_view name) -> std::optional<std::string> {
        auto text = text_of(input, name);
        return text && !text->empty() ? std::move(text) : std::nullopt;
    };
    if (const auto bucket = text_of(input, "S3BucketName"))
        if (auto checked = check_bucket_name(*bucket); !checked) return checked;
    if (const auto prefix = given("S3KeyPrefix"))
        if (auto checked = check_prefix(*prefix); !checked) return checked;
    if (const auto topic = given("SnsTopicName"))
        if (auto arn = topic_arn_of(*topic, account_of(call), region_of(call)); !arn)
            return std::unexpected(std::move(arn).error());
    if (const auto key = given("KmsKeyId"))
        if (auto arn = key_arn_of(*key, account_of(call), region_of(call), services.lenient); !arn)
            return std::unexpected(std::move(arn).error());
    if (flag_of(input, "IsMultiRegionTrail") == true && flag_of(input, "IncludeGlobalServiceEvents") == false)
        return refuse("InvalidParameterCombinationException", multi_region_needs_global);
    return {};
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
        return refuse("InvalidParameterCombinationException", multi_region_needs_global);
    if (const auto validation = flag_of(input, "EnableLogFileValidation")) trail.validation = *validation;
    if (const auto organization = flag_of(input, "IsOrganizationTrail")) trail.organization = *organization;
    if (const auto recursive = flag_of(input, "RecursiveLogging")) trail.recursive_logging = *recursive;
    return {};
}

Checked check_organization(const TrailServices& services, const Trail& trail) {
    if (!trail.organization || services.lenient) return {};
    return refuse("OrganizationsNotInUseException", "Your account is not in an organization.");
}

/// Why a trail could not be made.
ApiError no_room(const Trail& trail, const trail::Trails::Limits& limits, const Error& error) {
    if (error.code == Code::conflict)
        return {"TrailAlreadyExistsException",
                fmt::format("Trail {} already exists for customer: {}", trail.name, trail.account)};
    const bool names_region =
        error.message == trail.home_region || std::ranges::find(limits.regions, error.message) != limits.regions.end();
    if (error.code == Code::exhausted && names_region)
        return {"MaximumNumberOfTrailsExceededException",
                fmt::format("User: {} already has {} trails in {}.", trail.account, limits.trails_per_region,
                            error.message)};
    return inner_error(error, "creating a trail");
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

    const trail::Trails::Limits limits{services.trails_per_region, services.regions};
    if (const auto room = services.trails.check_room(made, limits); !room)
        return std::unexpected(no_room(made, limits, room.error()));
    if (auto checked = check_organization(services, made); !checked) return std::unexpected(checked.error());
    if (auto checked = check_destination(services, made, nullptr); !checked) return std::unexpected(checked.error());
    const auto stored = services.trails.create(made, limits);
    if (!stored) return std::unexpected(no_room(made, limits, stored.error()));
    return changed_trail(*stored);
}

/// What a trail delivers to another place than before.
std::vector<trail::Leg> moved_legs(const Trail& before, const Trail& after) {
    using trail::Leg;
    std::vector<Leg> legs;
    if (before.bucket != after.bucket || before.prefix != after.prefix) legs = {Leg::file, Leg::digest};
    if (before.topic_arn != after.topic_arn) legs.push_back(Leg::notice);
    if (before.log_group_arn != after.log_group_arn) legs.push_back(Leg::logs);
    return legs;
}

Answer update_trail(const TrailServices& services, const Call& call, const Json& input) {
    if (auto checked = check_reference(call, input.text("Name")); !checked) return std::unexpected(checked.error());
    if (auto checked = check_settings(services, call, input); !checked) return std::unexpected(checked.error());
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
    if (const auto legs = moved_legs(*before, *changed); !legs.empty()) {
        const auto reset = services.store.transact(
            [&](Transaction& transaction) { return trail::reset_status(transaction, changed->id, legs); });
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
    if (const auto token = text_of(input, "NextToken"); token && !token->empty()) {
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
    // A trail that does not show itself here delivers at home only.
    const auto& region = trail.seen_in(region_of(call)) ? region_of(call) : trail.home_region;
    trail::TrailStatus status;
    const auto read = services.store.view([&](Transaction& transaction) -> Result<void> {
        const auto loaded = trail::load_status(transaction, trail.id, region);
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

/// A Region has a key at any time, whether a digest was signed there or not.
Result<void> make_current_key(const TrailServices& services, const Call& call) {
    const auto& region = region_of(call);
    if (std::ranges::find(services.regions, region) == services.regions.end()) return {};
    const auto found = services.keys.find(region, call.received);
    if (!found) return fail(found.error());
    if (found->key) return {};
    const auto made = services.keys.current(region, call.received);
    return made ? Result<void>() : fail(made.error());
}

Answer list_public_keys(const TrailServices& services, const Call& call, const Json& input) {
    const auto start = read_time(input, "StartTime"), end = read_time(input, "EndTime");
    if (!start || !end) return std::unexpected(start ? end.error() : start.error());
    const auto from = start->value_or(call.received), to = end->value_or(call.received);
    if (from > to) return refuse("InvalidTimeRangeException", "Start time must be before end time.");
    if (from <= call.received && call.received <= to)
        if (const auto made = make_current_key(services, call); !made)
            return std::unexpected(inner_error(made.error(), "making a key for digests"));
    const auto keys = services.keys.list(region_of(call), from, to);
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

/// A member without which an operation on tags has nothing to do, and no error of its own to say so.
Checked check_given(const Json& input, std::string_view member, std::string_view in_messages) {
    if (input.find(member)) return {};
    return std::unexpected(wire::validation_error(
        {fmt::format("Value null at '{}' failed to satisfy constraint: Member must not be null", in_messages)}));
}

/// What an ARN of the right form names; only trails are there.
std::expected<Trail, ApiError> find_tagged(const TrailServices& services, const Call& call, std::string_view arn,
                                           Tagged kind) {
    if (kind == Tagged::event_data_store)
        return refuse("EventDataStoreNotFoundException", "The specified event data store was not found.");
    if (kind == Tagged::channel) return refuse("ChannelNotFoundException", "The specified channel was not found.");
    const auto found = services.trails.find(arn);
    if (!found || found->newest().account != account_of(call))
        return refuse("ResourceNotFoundException",
                      fmt::format("Unknown {}: {} for the user: {}", kind == Tagged::trail ? "trail" : "dashboard", arn,
                                  account_of(call)));
    return found->newest();
}

/// `read` makes of the list what `change` takes. All that can be wrong with the request is found before the trail is
/// looked for.
template <class Read, class Change>
Answer change_tags(const TrailServices& services, const Call& call, const Json& input, Read&& read, Change&& change) {
    const auto arn = input.text("ResourceId");
    const auto kind = read_tagged_arn(arn);
    if (!kind) return std::unexpected(kind.error());
    if (auto checked = check_given(input, "TagsList", "tagsList"); !checked) return std::unexpected(checked.error());
    const auto list = read(input.find("TagsList"));
    if (!list) return std::unexpected(list.error());
    if (const auto found = find_tagged(services, call, arn, *kind); !found) return std::unexpected(found.error());
    const auto trail = find_home_trail(services, call, arn);
    if (!trail) return std::unexpected(trail.error());
    std::optional<ApiError> refused;
    const auto changed = services.trails.change(trail->arn(), [&](Trail& next) -> Result<void> {
        refused = change(next, *list);
        return refused ? fail(Code::invalid, refused->message) : Result<void>();
    });
    if (refused) return std::unexpected(*refused);
    if (!changed) return std::unexpected(trail_change_failed(call, trail->arn(), changed.error()));
    return JsonObject{};
}

Answer add_tags(const TrailServices& services, const Call& call, const Json& input) {
    return change_tags(services, call, input, read_tags, [](Trail& trail, const Tags& tags) -> std::optional<ApiError> {
        for (const auto& tag : tags) {
            const auto there = std::ranges::find(trail.tags, tag.first, &Tags::value_type::first);
            if (there != trail.tags.end())
                there->second = tag.second;
            else
                trail.tags.push_back(tag);
        }
        if (trail.tags.size() <= tags_max) return std::nullopt;
        return too_many_tags();
    });
}

Answer remove_tags(const TrailServices& services, const Call& call, const Json& input) {
    using Keys = std::vector<std::string>;
    return change_tags(
        services, call, input, read_tag_keys, [](Trail& trail, const Keys& keys) -> std::optional<ApiError> {
            std::erase_if(trail.tags,
                          [&](const auto& tag) { return std::ranges::find(keys, tag.first) != keys.end(); });
            return std::nullopt;
        });
}

Answer list_tags(const TrailServices& services, const Call& call, const Json& input) {
    if (!input.text("NextToken").empty())
        return refuse("InvalidTokenException", "NextToken is reserved for future use.");
    if (auto checked = check_given(input, "ResourceIdList", "resourceIdList"); !checked)
        return std::unexpected(checked.error());
    const auto& ids = input.find("ResourceIdList")->as_array();
    constexpr std::size_t ids_max = 20;
    if (ids.size() > ids_max) return refuse("ValidationException", "ResourceIdList can have at most 20 ARNs.");
    std::vector<Tagged> kinds;
    for (const auto& id : ids) {
        const auto kind = read_tagged_arn(id.as_string());
        if (!kind) return std::unexpected(kind.error());
        kinds.push_back(*kind);
    }
    JsonArray list;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto& id = ids[i];
        const auto trail = find_tagged(services, call, id.as_string(), kinds[i]);
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

bool asks_elsewhere(std::string_view operation) {
    return operation == "CreateTrail" || operation == "UpdateTrail" || operation == "PutInsightSelectors";
}

std::string trail_resource(std::string_view operation, const Call& call, const Json& input) {
    const auto* row = std::ranges::find(rows, operation, &Row::operation);
    if (row == std::end(rows) || row->names_trail.empty()) return "*";
    const auto reference = read_trail_reference(input.text(row->names_trail), account_of(call), region_of(call));
    return reference ? reference->arn : "*";
}

}  // namespace cairn::api
