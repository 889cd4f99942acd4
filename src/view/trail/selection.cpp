#include "view/trail/selection.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "base/check.h"
#include "match/selector_match.h"

namespace cairn::trail {

namespace {

bool may_select(const TrailHistory& history) {
    return std::ranges::any_of(history.versions, [](const auto& version) { return version.trail.logging; });
}

/// Whether the trail was logging when the event happened. An event that comes late is judged by the last stop (delivery
/// after StopLogging: CloudTrail user guide, "Turning off logging for a trail"). Event times are whole seconds: of a
/// second in which logging began or ended all events count.
bool logged_at(const TrailHistory& history, const Trail& then, Time event_time) {
    const auto second = std::chrono::floor<std::chrono::seconds>(event_time);
    if (then.logging && then.started && event_time >= std::chrono::floor<std::chrono::seconds>(*then.started))
        return true;
    for (auto version = history.versions.begin(); version != history.versions.end(); ++version) {
        const auto next = std::next(version);
        const bool ended = next != history.versions.end() && next->from <= second;
        if (version->trail.logging && version->from < second + std::chrono::seconds(1) && !ended) return true;
    }
    return false;
}

/// STS is global only at its old endpoint, which logs in us-east-1.
bool is_global_service(const EventView& event) {
    constexpr std::string_view sources[] = {
        "iam.amazonaws.com",     "cloudfront.amazonaws.com", "route53.amazonaws.com", "organizations.amazonaws.com",
        "support.amazonaws.com", "health.amazonaws.com",     "billing.amazonaws.com", "shield.amazonaws.com",
    };
    if (event.category != Category::management) return false;
    if (event.event_source == "sts.amazonaws.com") return event.region == "us-east-1";
    return std::ranges::find(sources, event.event_source) != std::end(sources);
}

/// Written by the delivery of trails itself.
bool is_recursive(const EventView& event) {
    if (event.invoked_by != "cloudtrail.amazonaws.com") return false;
    return (event.event_source == "s3.amazonaws.com" && event.event_name == "PutObject") ||
           (event.event_source == "logs.amazonaws.com" && event.event_name == "PutLogEvents");
}

/// Whether what the event is, apart from the selectors, keeps it from the trail.
bool barred(const EventView& event, const Trail& trail) {
    if (!trail.multi_region && !trail.global_events && is_global_service(event)) return true;
    return !trail.recursive_logging.value_or(true) && is_recursive(event);
}

bool same_selectors(const Trail& one, const Trail& other) {
    return one.event_selectors == other.event_selectors &&
           one.advanced_event_selectors == other.advanced_event_selectors &&
           one.insight_selectors == other.insight_selectors;
}

match::CompiledSelectors compile(const Trail& trail) {
    auto events = event_selectors_of(trail);
    auto insights = insight_selectors_of(trail);
    CAIRN_CHECK(events && insights);  // a trail that is stored has been read
    return match::CompiledSelectors(std::move(*events), std::move(*insights));
}

struct Candidate {
    const TrailHistory* history = nullptr;
    std::vector<std::size_t> selectors;  ///< of each version, in Account::distinct
};

/// What different selectors say of one event, each asked at most once.
class Answers {
public:
    Answers(const std::vector<match::CompiledSelectors>& selectors, const EventView& event)
        : selectors_(selectors), event_(event) {}

    bool selected(std::size_t number) {
        if (number >= 64) return selectors_[number].selects(event_);
        const auto bit = std::uint64_t{1} << number;
        if (!(asked_ & bit)) {
            asked_ |= bit;
            if (selectors_[number].selects(event_)) selected_ |= bit;
        }
        return selected_ & bit;
    }

private:
    const std::vector<match::CompiledSelectors>& selectors_;
    const EventView& event_;
    std::uint64_t asked_ = 0, selected_ = 0;
};

}  // namespace

struct Selection::Account {
    /// The trails of one home region; those of all regions stand under "".
    struct Place {
        std::string region;
        std::vector<Candidate> candidates;
    };

    std::string name;
    std::vector<match::CompiledSelectors> distinct;
    std::vector<Place> places;

    std::size_t number_of(const Trail& trail) {
        auto compiled = compile(trail);
        const auto known = std::ranges::find(distinct, compiled);
        const auto number = static_cast<std::size_t>(known - distinct.begin());
        if (known == distinct.end()) distinct.push_back(std::move(compiled));
        return number;
    }

    void add(const TrailHistory& history) {
        Candidate candidate{&history, {}};
        const Trail* before = nullptr;
        for (const auto& [from, trail] : history.versions) {
            candidate.selectors.push_back(before && same_selectors(*before, trail) ? candidate.selectors.back()
                                                                                   : number_of(trail));
            before = &trail;
        }
        const bool everywhere =
            std::ranges::any_of(history.versions, [](const auto& version) { return version.trail.multi_region; });
        const auto region = everywhere ? std::string() : history.newest().home_region;
        auto place = std::ranges::find(places, region, &Place::region);
        if (place == places.end()) place = places.insert(places.end(), Place{region, {}});
        place->candidates.push_back(std::move(candidate));
    }
};

Tree tree_of(const EventView& event) {
    switch (event.category) {
        case Category::insight: return Tree::insight;
        case Category::network_activity: return Tree::network;
        case Category::aggregated: return Tree::aggregated;
        default: return Tree::events;
    }
}

Selection::Selection(const Trails::Snapshot& snapshot)
    : generation_(snapshot.generation), trails_([&] {
          auto trails = snapshot.trails;
          std::erase_if(trails, [](const auto& history) { return !may_select(*history); });
          return trails;
      }()) {
    for (const auto& history : trails_) {
        const auto& name = history->newest().account;
        auto account = std::ranges::lower_bound(accounts_, name, {}, &Account::name);
        if (account == accounts_.end() || account->name != name)
            account = accounts_.insert(account, Account{name, {}, {}});
        account->add(*history);
    }
}

Selection::~Selection() = default;

const Selection::Account* Selection::find_account(std::string_view name) const {
    const auto account = std::ranges::lower_bound(accounts_, name, {}, &Account::name);
    return account == accounts_.end() || account->name != name ? nullptr : &*account;
}

void Selection::select(const EventView& event, const Envelope& envelope, std::vector<Hit>& hits) const {
    hits.clear();
    if (envelope.inlet == Inlet::import || envelope.inlet == Inlet::replay) return;
    const auto* account = find_account(event.account);
    if (!account) return;
    Answers answers(account->distinct, event);
    for (const auto& place : account->places) {
        if (!place.region.empty() && place.region != event.region) continue;
        for (const auto& [history, selectors] : place.candidates) {
            const auto* version = history->version_at(envelope.ingest_time);
            if (!version) continue;
            const auto& trail = version->trail;
            if (!trail.seen_in(event.region) || !logged_at(*history, trail, event.time)) continue;
            const bool wanted =
                event.category == Category::aggregated
                    ? !trail.aggregation.as_array().empty()
                    : answers.selected(selectors[static_cast<std::size_t>(version - history->versions.data())]);
            if (wanted && !barred(event, trail)) hits.push_back({&trail, tree_of(event)});
        }
    }
}

}  // namespace cairn::trail
