#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "event/record.h"

namespace cairn::trail {

/// What a summary record is about (CloudTrail API reference, "AggregationConfiguration").
enum class SummaryTemplate : unsigned char { api_activity, resource_access, user_actions };

/// The templates of a trail's AggregationConfigurations. Unknown ones are passed over.
std::vector<SummaryTemplate> templates_of(const Json& aggregation);

inline constexpr auto summary_window = std::chrono::minutes(5);

/// Begin of the window in which a data event is summed up, by its eventTime.
Time window_of(Time event_time);

/// Data events of one trail, account, region and window on their way into aggregated records (CloudTrail user guide,
/// "Aggregating data events"): for each template, event source and value of the template's primary dimension (event
/// name, resource, user) a record that counts the events and, in its details, the values of the other dimensions. The
/// same events in the same order give the same records.
class Summary {
public:
    struct Place {
        std::string trail_id, account, region;
        Time window{};
        friend auto operator<=>(const Place&, const Place&) = default;
    };
    explicit Summary(Place place) : place_(std::move(place)) {}

    /// `number` is greater than that of the event before.
    void add(std::uint64_t number, const EventView& event, const std::vector<SummaryTemplate>& templates);

    const Place& place() const { return place_; }
    bool empty() const { return counted_.empty(); }  ///< there is nothing to write
    std::uint64_t from() const { return from_; }     ///< event numbers: [from, to)
    std::uint64_t to() const { return to_; }

    /// It has grown so large that it should be written; what comes after belongs into another one of the same place.
    bool full() const;

    /// JSON, sorted by template, event source and primary value. Of each detail the `values_max` most frequent values.
    static constexpr std::size_t values_max = 100;
    std::vector<std::string> records() const;

private:
    enum class Dimension : unsigned char { event_name, resource, user, user_agent, source_ip };
    static constexpr std::size_t dimension_count = 5;
    static constexpr std::string_view names[dimension_count] = {"eventName", "resourceARN", "userIdentity", "userAgent",
                                                                "sourceIpAddress"};

    struct Subject {
        SummaryTemplate about;
        std::string source, value;
        friend auto operator<=>(const Subject&, const Subject&) = default;
    };
    using Counts = std::map<std::string, std::uint64_t>;
    struct Counted {
        std::uint64_t events = 0;
        Counts details[dimension_count];
    };

    static Dimension primary_of(SummaryTemplate about);
    static std::vector<std::string> values_of(const EventView& event, Dimension dimension);
    void count(const EventView& event, SummaryTemplate about, const std::string& value);
    std::string record_of(const Subject& subject, const Counted& counted) const;

    const Place place_;
    std::uint64_t from_ = 0, to_ = 0;
    std::map<Subject, Counted> counted_;
    std::size_t values_ = 0;  ///< in all maps
};

}  // namespace cairn::trail
