// Which of 100 trails want an event: a Selection against asking every trail by itself.
// Usage: bench_selectors [FILE.ndjson]

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "event/record.h"
#include "match/selector_match.h"
#include "view/trail/selection.h"

using namespace cairn;

namespace {

constexpr std::size_t record_count = 500, trail_count = 100, trails_per_place = 5;

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// A record with the parser that its view points into.
struct Event {
    std::string text;
    std::unique_ptr<RecordParser> parser = std::make_unique<RecordParser>();
    const EventView* view = nullptr;
};

std::vector<Event> read_events(const char* name) {
    std::ifstream file(name);
    std::vector<Event> events;
    for (std::string line; events.size() < record_count && std::getline(file, line);) {
        Event event;
        event.text = line + std::string(RecordParser::padding, ' ');
        if (const auto view = event.parser->parse(std::string_view(event.text).substr(0, line.size()))) {
            event.view = *view;
            events.push_back(std::move(event));
        }
    }
    return events;
}

/// Selectors as trails have them, from none at all to hundreds of conditions.
void give_selectors(trail::Trail& trail, std::size_t number) {
    std::string prefixes;
    for (int i = 0; i < 200; ++i)
        prefixes += (i ? "," : "") + ("\"arn:aws:s3:::bucket-" + std::to_string(i * 7919 % 1000) + "/\"");
    const auto json = [](const std::string& text) { return *parse_json(text); };
    switch (number % 5) {
        case 0: break;
        case 1:
            trail.event_selectors =
                json(R"([{"ReadWriteType":"WriteOnly","ExcludeManagementEventSources":["kms.amazonaws.com"]}])");
            break;
        case 2:
            trail.event_selectors =
                json(R"([{"DataResources":[{"Type":"AWS::S3::Object","Values":[)" + prefixes + "]}]}]");
            break;
        case 3:
            trail.advanced_event_selectors = json(
                R"([{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","Equals":["false"]}]},{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]},{"Field":"resources.ARN","StartsWith":[)" +
                prefixes + R"(]},{"Field":"eventName","NotStartsWith":["Get","List"]}]}])");
            break;
        case 4:
            trail.advanced_event_selectors = json(
                R"([{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]}])");
            break;
    }
}

using Place = std::pair<std::string, std::string>;  // account, region

/// Places by how many events they have, those with most first.
std::vector<Place> places_of(const std::vector<Event>& events) {
    std::map<Place, std::size_t> counts;
    for (const auto& event : events) ++counts[{std::string(event.view->account), std::string(event.view->region)}];
    std::vector<Place> places;
    for (const auto& [place, count] : counts) places.push_back(place);
    std::ranges::sort(places, std::greater(), [&](const Place& place) { return counts[place]; });
    return places;
}

trail::Trails::Snapshot make_trails(const std::vector<Place>& places, bool one_account) {
    trail::Trails::Snapshot snapshot;
    for (std::size_t number = 0; number < trail_count; ++number) {
        const auto& place = one_account ? places.front() : places[number / trails_per_place % places.size()];
        trail::Trail trail;
        trail.name = trail.id = "t" + std::to_string(number);
        trail.account = place.first;
        trail.home_region = place.second;
        trail.multi_region = one_account;
        trail.logging = true;
        trail.started = Time{};
        give_selectors(trail, number);
        snapshot.trails.push_back(
            std::make_shared<const trail::TrailHistory>(trail::TrailHistory{{{Time{}, std::move(trail)}}, {}}));
    }
    return snapshot;
}

/// Events per second of CPU, the best of five.
template <class Use>
double rate(const std::vector<Event>& events, std::size_t& hits, Use&& use) {
    double best = 0;
    for (int round = 0; round < 5; ++round) {
        constexpr int repeats = 200;
        const double begin = cpu_seconds();
        hits = 0;
        for (int i = 0; i < repeats; ++i)
            for (const auto& event : events) hits += use(*event.view);
        best = std::max(best, static_cast<double>(repeats * events.size()) / (cpu_seconds() - begin));
    }
    return best;
}

bool measure(const char* what, const std::vector<Event>& events, const trail::Trails::Snapshot& snapshot) {
    const trail::Selection selection(snapshot);
    Envelope envelope;
    envelope.ingest_time = Time::max();
    std::vector<trail::Selection::Hit> hits;
    std::size_t by_selection = 0, one_by_one = 0;
    const double fast = rate(events, by_selection, [&](const EventView& event) {
        selection.select(event, envelope, hits);
        return hits.size();
    });

    std::vector<std::pair<const trail::TrailHistory*, match::CompiledSelectors>> trails;
    for (const auto& history : snapshot.trails)
        trails.emplace_back(history.get(), match::CompiledSelectors(*trail::event_selectors_of(history->newest())));
    const double slow = rate(events, one_by_one, [&](const EventView& event) {
        std::size_t count = 0;
        for (const auto& [history, selectors] : trails) {
            const auto* trail = history->at(envelope.ingest_time);
            if (trail && trail->account == event.account && trail->seen_in(event.region) && selectors.selects(event))
                ++count;
        }
        return count;
    });
    std::printf("%-44s %6.2f M events/s, one by one %6.2f M (%.1fx), %.2f hits an event\n", what, fast / 1e6,
                slow / 1e6, fast / slow, static_cast<double>(by_selection) / 200 / static_cast<double>(events.size()));
    return by_selection == one_by_one;
}

}  // namespace

int main(int argc, char** argv) {
    const auto events = read_events(argc > 1 ? argv[1] : "/dev/stdin");
    if (events.empty()) return std::fprintf(stderr, "no records\n"), 2;
    const auto places = places_of(events);
    const bool agree = measure("100 trails, 5 in each of 20 places", events, make_trails(places, false));
    const bool agree_too = measure("100 trails of one account in all regions", events, make_trails(places, true));
    if (!agree || !agree_too) return std::fprintf(stderr, "the two ways disagree\n"), 1;
}
