#include "cli/generate.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "base/check.h"
#include "cli/sample_event.h"

namespace cairn::cli {

namespace {

constexpr std::string_view home_region = "us-east-1";

struct WeightedRegion {
    std::string_view name;
    std::uint64_t weight;
};
constexpr WeightedRegion regions[] = {{home_region, 50},    {"eu-west-1", 18},   {"us-west-2", 14},
                                      {"us-west-1", 6},     {"eu-central-1", 6}, {"ap-southeast-2", 4},
                                      {"ap-northeast-1", 2}};

/// What must be there however few events are made: event or user, and where.
struct Needed {
    std::string_view event, region, user;
};
constexpr Needed needed[] = {
    {"ConsoleLogin", home_region, {}},
    {"StopInstances", "eu-west-1", {}},
    {"StopInstances", home_region, {}},
    {"DescribeInstances", home_region, "stevenzh"},
    {"CreateBucket", "us-west-2", {}},
    {"CreateBucket", home_region, {}},
    {"CreateRole", home_region, {}},
    {"RunInstances", home_region, {}},
    {"RunInstances", home_region, "stevenzh"},
    {"CreateStack", "us-west-2", {}},
    {"CreateStack", home_region, {}},
    {"AuthorizeSecurityGroupIngress", "eu-west-1", {}},
    {"AuthorizeSecurityGroupIngress", home_region, {}},
    {"UpdateCostAllocation", home_region, {}},
    {"CreateAccessKey", home_region, {}},
    {"Invoke", home_region, {}},
    {"AuthenticateMFA", "eu-west-1", {}},
    {"AuthenticateMFA", home_region, {}},
    {"PutMetricAlarm", home_region, {}},
    {"CreateDBSnapshot", "us-west-1", {}},
    {"CreateDBSnapshot", home_region, {}},
};
constexpr std::uint64_t needed_times = 8;

std::vector<SampleKind> all_kinds() {
    std::vector<SampleKind> kinds;
    for (const auto some : {compute_kinds(), identity_kinds(), data_kinds()})
        kinds.insert(kinds.end(), some.begin(), some.end());
    return kinds;
}

/// Spreads events over the time so that working days have more of them than nights.
class Calendar {
public:
    Calendar(Time from, Time to) : from_(from), to_(std::max(from, to)) {
        const auto steps = std::clamp<std::int64_t>((to_ - from_) / std::chrono::minutes(30), 1, 20'000);
        reached_.push_back(0);
        for (std::int64_t step = 0; step < steps; ++step)
            reached_.push_back(reached_.back() +
                               busyness(at((static_cast<double>(step) + 0.5) / static_cast<double>(steps))));
    }

    /// The time by which the part `share` (0 to 1) of all events has happened.
    Time time_of(double share) const {
        const auto wanted = share * reached_.back();
        const auto next = std::ranges::upper_bound(reached_, wanted);
        if (next == reached_.end()) return to_;
        const auto step = next - reached_.begin() - 1;
        const auto inside = (wanted - reached_[step]) / (reached_[step + 1] - reached_[step]);
        return at((static_cast<double>(step) + inside) / static_cast<double>(reached_.size() - 1));
    }

private:
    Time at(double share) const {
        const auto length = static_cast<double>((to_ - from_).count());
        return from_ + std::chrono::milliseconds(static_cast<std::int64_t>(length * share));
    }

    static double busyness(Time time) {
        const auto day = std::chrono::floor<std::chrono::days>(time);
        const bool weekend = std::chrono::weekday(day).iso_encoding() > 5;
        const auto hour = std::chrono::duration<double, std::ratio<3600>>(time - day).count();
        const auto work = std::exp(-(hour - 14) * (hour - 14) / 18);  // most in the early afternoon, UTC
        return 0.25 + (weekend ? 0.15 : 1.0) * work;
    }

    Time from_, to_;
    std::vector<double> reached_;
};

class Generator {
public:
    explicit Generator(const GenerateOptions& options)
        : options_(options), kinds_(all_kinds()), calendar_(options.from, options.to) {
        if (options_.accounts.empty()) options_.accounts.push_back("123456789012");
        for (const auto& kind : kinds_) weight_ += static_cast<std::uint64_t>(kind.weight);
        const auto names = fmt::format("{}/{}/{}/{}/{}", options.seed, options.count, to_milliseconds(options.from),
                                       to_milliseconds(options.to), fmt::join(options_.accounts, ","));
        set_ = hash64(names);
    }

    std::string record(std::uint64_t index) const {
        Draw draw(hash64(std::string_view(reinterpret_cast<const char*>(&index), sizeof index), set_));
        const auto* wanted = needed_at(index);
        const auto& kind = wanted ? kind_named(wanted->event) : draw_kind(draw);
        SampleEvent event(draw, wanted ? options_.accounts.front() : draw_account(draw),
                          wanted ? std::string(wanted->region) : draw_region(draw, kind), time_of(draw, index));
        event.actor = draw_actor(draw, kind.actors, event.account, event.region, event.time,
                                 wanted ? wanted->user : std::string_view());
        event.request_id = draw.uuid();
        kind.fill(event);
        if (event.actor.kind != aws_service && draw.chance(kind.error_percent)) fail_sample(event, kind);
        return render(event, kind, event_id(index));
    }

private:
    /// Different for all indexes of a set: multiplying by an odd number modulo 2^60 can be undone.
    std::string event_id(std::uint64_t index) const {
        const auto unique = (Draw(set_).next() ^ index * 0x9e3779b97f4a7c15) & 0xfff'ffff'ffff'ffff;
        const auto rest = Draw(~(set_ + index)).next();
        return fmt::format("{:08x}-{:04x}-4{:03x}-{}{:03x}-{:012x}", unique >> 28, unique >> 12 & 0xffff,
                           unique & 0xfff, "89ab"[rest >> 62], rest >> 48 & 0xfff, rest & 0xffffffffffff);
    }

    /// The needed events stand at even distances among the others, each `needed_times` times or as often as there is
    /// room.
    const Needed* needed_at(std::uint64_t index) const {
        const auto distance = std::max<std::uint64_t>(1, options_.count / (std::size(needed) * needed_times));
        return index % distance == 0 ? &needed[index / distance % std::size(needed)] : nullptr;
    }

    const SampleKind& kind_named(std::string_view name) const {
        const auto found = std::ranges::find(kinds_, name, &SampleKind::name);
        CAIRN_CHECK(found != kinds_.end());
        return *found;
    }

    const SampleKind& draw_kind(Draw& draw) const {
        auto rest = static_cast<std::int64_t>(draw.below(weight_));
        const auto taken = [&](const SampleKind& kind) { return (rest -= kind.weight) < 0; };
        return *std::ranges::find_if(kinds_, taken);
    }

    const std::string& draw_account(Draw& draw) const {
        return draw.chance(60) ? options_.accounts.front() : options_.accounts[draw.below(options_.accounts.size())];
    }

    static std::string draw_region(Draw& draw, const SampleKind& kind) {
        if (kind.global) return std::string(home_region);
        auto rest = static_cast<std::int64_t>(draw.below(100));
        for (const auto& region : regions)
            if ((rest -= static_cast<std::int64_t>(region.weight)) < 0) return std::string(region.name);
        return std::string(home_region);
    }

    Time time_of(Draw& draw, std::uint64_t index) const {
        const auto within = static_cast<double>(draw.below(1'000'000)) / 1e6;
        return calendar_.time_of((static_cast<double>(index) + within) / static_cast<double>(options_.count));
    }

    GenerateOptions options_;
    std::vector<SampleKind> kinds_;
    Calendar calendar_;
    std::uint64_t weight_ = 0;
    std::uint64_t set_ = 0;
};

}  // namespace

void generate(const GenerateOptions& options, const std::function<void(std::string_view record)>& use) {
    const Generator generator(options);
    for (std::uint64_t index = 0; index < options.count; ++index) use(generator.record(index));
}

}  // namespace cairn::cli
