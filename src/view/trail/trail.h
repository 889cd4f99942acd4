#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "match/selectors.h"

namespace cairn::trail {

/// A trail as the API shows it (CloudTrail API reference, "Trail"). What was never set is absent and stays absent.
struct Trail {
    std::string name, account, home_region;
    std::string id;  ///< of this creation: a trail made again under the same name is another one
    std::string bucket;
    std::optional<std::string> prefix;                 ///< without slashes at its ends
    std::optional<std::string> topic_name, topic_arn;  ///< as it was given, and expanded
    std::optional<std::string> log_group_arn, log_role_arn;
    std::optional<std::string> key_arn;
    bool global_events = true, multi_region = false, validation = false, organization = false;
    std::optional<bool> recursive_logging;
    std::vector<std::pair<std::string, std::string>> tags;

    /// Lists as PutEventSelectors, PutInsightSelectors and PutEventConfiguration stored them; null: never given.
    Json event_selectors, advanced_event_selectors, insight_selectors, aggregation;

    bool logging = false;
    std::optional<Time> started, stopped;  ///< the last of each
    Time created{};

    std::string arn() const;

    /// The trail shows itself in `region`: its home, or a shadow of a multi-region trail.
    bool seen_in(std::string_view region) const { return multi_region || region == home_region; }
};

/// "arn:aws:cloudtrail:us-east-1:111122223333:trail/NAME" taken apart.
struct TrailArn {
    std::string region, account, name;
};
std::string trail_arn(std::string_view region, std::string_view account, std::string_view name);
std::optional<TrailArn> parse_trail_arn(std::string_view text);

/// The selectors of a trail as values. Error: corrupt, when the stored lists are none.
Result<match::EventSelectors> event_selectors_of(const Trail& trail);
Result<std::vector<match::InsightSelector>> insight_selectors_of(const Trail& trail);

/// For the meta store. Error of the second: corrupt.
Json to_json(const Trail& trail);
Result<Trail> trail_from_json(const Json& json);

/// A trail's whole life: what was in force from when on. Selection asks for the moment of ingest (DESIGN.md principle
/// 8).
struct TrailHistory {
    struct Version {
        Time from{};
        Trail trail;
    };
    std::vector<Version> versions;  ///< oldest first, never empty
    std::optional<Time> deleted;

    const Trail& newest() const { return versions.back().trail; }

    /// Null when the trail was not there then.
    const Version* version_at(Time moment) const;
    const Trail* at(Time moment) const;
};

}  // namespace cairn::trail
