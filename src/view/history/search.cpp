#include "view/history/search.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "base/bytes.h"
#include "base/hash.h"
#include "view/history/text_filter.h"

namespace cairn::history {

namespace {

/// Events that are looked at beyond a full page, to tell whether it is the last one.
constexpr std::uint64_t peek_events_max = 16;
/// Stepping to an event costs this part of decoding one.
constexpr std::uint64_t walked_per_scanned = 8;
constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();

std::vector<WalkTerm> terms_of(const match::Query& query) {
    std::vector<WalkTerm> terms;
    for (const auto& indexed : query.indexed()) {
        WalkTerm term{.event_id = indexed.attribute == Attribute::event_id, .any_of = {}};
        for (const auto& value : indexed.any_of) term.any_of.push_back(posting_hash(indexed.attribute, value));
        std::ranges::sort(term.any_of);
        const auto same = std::ranges::unique(term.any_of);
        term.any_of.erase(same.begin(), same.end());
        terms.push_back(std::move(term));
    }
    return terms;
}

WalkRange range_of(const Search& search, std::uint64_t number_from, std::uint64_t number_bound,
                   const std::optional<Token>& token) {
    WalkRange range;
    range.min_time_ms = search.from ? to_milliseconds(*search.from) : std::numeric_limits<std::int64_t>::min();
    range.max_time_ms = search.to ? to_milliseconds(*search.to) : std::numeric_limits<std::int64_t>::max();
    range.number_from = number_from;
    range.number_bound = number_bound;
    range.oldest_first = search.oldest_first;
    if (token) {
        range.number_bound = std::min(number_bound, token->number_bound);
        range.after = token->after;
    }
    return range;
}

}  // namespace

class Searcher::Matches {
public:
    Matches(Searcher& owner, const Search& search, const std::optional<Token>& token)
        : records_(owner.records_),
          query_(search.query),
          admitted_(owner.registry_.admitted(search.scope, search.categories)),
          scanned_max_(owner.options_.scan_records_max),
          terms_(terms_of(search.query)),
          walk_(owner.snapshot_, admitted_, range_of(search, owner.records_.log().begin(), owner.number_bound_, token),
                terms_, owner.records_),
          blocks_(owner.records_),
          filter_(search.query.needles()),
          parser_(owner.records_.parser()) {}

    /// The next match. After `budget` the search can go on behind position().
    Next next(Match& match, std::uint64_t scan_to) {
        while (scanned_ < std::min(scan_to, scanned_max_)) {
            const auto candidate = walk_.next();
            if (!candidate) return Next::end;
            last_ = *candidate;
            if (take(*candidate, match)) return Next::match;
        }
        return Next::budget;
    }

    /// The next event that is still stored, without reading it, which costs little of the budget.
    Next next_stored() {
        for (; walked_ < walked_per_scanned * scanned_max_; ++walked_) {
            const auto candidate = walk_.next();
            if (!candidate) return Next::end;
            if (blocks_.of(candidate->number)) return Next::match;
        }
        return Next::budget;
    }

    std::uint64_t scanned() const { return scanned_; }

    /// The place of a candidate in the order of history; without eventID when its record cannot be read.
    Position position(const Candidate& candidate) {
        return {candidate.time_ms, records_.order_id_of(candidate.number), candidate.number};
    }

    /// The last event that was looked at.
    const std::optional<Candidate>& last() const { return last_; }

    /// Lets next() look at one more event.
    void extend_budget() { scanned_max_ = scanned_ + 1; }

private:
    bool take(const Candidate& candidate, Match& match) {
        const auto entry = blocks_.of(candidate.number);
        if (!entry) return skip(candidate, entry.error());
        ++scanned_;
        if (filter_.active()) {
            const auto may = filter_.may_match(**entry, candidate.number);
            if (!may) return skip(candidate, may.error());
            if (!*may) return false;
        }
        auto text = records_.read((*entry)->block, candidate.number);
        if (!text) return skip(candidate, text.error());
        match = {candidate, std::move(*text), nullptr};
        if (query_.matches_all()) return true;
        return parse(match) && query_.matches(*match.event);
    }

    bool skip(const Candidate& candidate, const Error& error) {
        if (error.code != Code::not_found) records_.unreadable(candidate.number, error);
        return false;
    }

public:
    /// Reads the fields of a match. They hold until the next one.
    bool parse(Match& match) {
        if (match.event != nullptr) return true;
        const auto event = parser_.parse(match.text.text);
        if (!event) return skip(match.candidate, event.error());
        match.event = *event;
        return true;
    }

private:
    Records& records_;
    const match::Query& query_;
    const std::vector<char> admitted_;
    std::uint64_t scanned_max_;
    std::vector<WalkTerm> terms_;
    Walk walk_;
    RecentBlocks blocks_;
    TextFilter filter_;
    Records::Parser parser_;
    std::uint64_t scanned_ = 0, walked_ = 0;
    std::optional<Candidate> last_;
};

std::uint64_t Searcher::hash_of(const Search& search) {
    std::string text;
    append<std::uint8_t>(text, search.oldest_first);
    for (const auto& time : {search.from, search.to}) {
        append<std::uint8_t>(text, time.has_value());
        append<std::int64_t>(text, time ? to_milliseconds(*time) : 0);
    }
    auto categories = search.categories;
    std::ranges::sort(categories);
    append<std::uint8_t>(text, static_cast<std::uint8_t>(categories.size()));
    for (const auto category : categories) append(text, static_cast<std::uint8_t>(category));
    append_text(text, search.query.text());
    return hash64(text);
}

Result<Page> Searcher::page(const Search& search) {
    const auto search_hash = hash_of(search);
    std::optional<Token> token;
    if (!search.token.empty()) {
        auto decoded = Token::decode(search.token);
        if (!decoded) return fail(std::move(decoded).error());
        if (decoded->search != search_hash) return fail(Code::invalid, "the token belongs to another search");
        token = std::move(*decoded);
    }

    Page page;
    Matches matches(*this, search, token);
    Match match;
    Position after;
    auto next = Next::match;
    while (page.events.size() < search.limit) {
        next = matches.next(match, no_limit);
        if (next == Next::end) break;
        if (next == Next::budget) {
            after = matches.position(*matches.last());
            if (!after.event_id.empty()) break;
            matches.extend_budget();  // a token names an event by its eventID: stop at one that has it
            continue;
        }
        const auto& [time_ms, number] = match.candidate;
        page.events.push_back({number, std::string(match.text.text), from_milliseconds(time_ms)});
    }
    page.scanned = matches.scanned();
    page.exhausted_budget = next == Next::budget;
    if (next == Next::end) return page;
    if (next == Next::match) {
        if (page.events.empty()) return page;  // nothing was asked for
        const auto& last = page.events.back();
        after = matches.position({to_milliseconds(last.time), last.number});
        if (matches.next(match, matches.scanned() + peek_events_max) == Next::end) return page;
    }
    page.token = Token{after, token ? std::min(token->number_bound, number_bound_) : number_bound_, search_hash}.encode();
    return page;
}

Result<History::Values> Searcher::values(const Search& search, std::string_view field, std::string_view prefix,
                                         std::size_t count_max) {
    if (!match::known_field(field)) return fail(Code::invalid, "unknown field: " + std::string(field.substr(0, 100)));
    std::unordered_map<std::string, std::uint64_t> counts;
    std::vector<std::string> of_event;
    History::Values values;
    Matches matches(*this, search, std::nullopt);
    Match match;
    for (;;) {
        const auto next = matches.next(match, no_limit);
        values.exact = next != Next::budget;
        if (next != Next::match) break;
        ++values.total;
        if (!matches.parse(match)) continue;
        of_event.clear();
        CAIRN_TRY(match::field_values(*match.event, field, [&](std::string_view value) {
            if (!value.empty() && value.starts_with(prefix)) of_event.emplace_back(value);
        }));
        std::ranges::sort(of_event);
        const auto same = std::ranges::unique(of_event);
        of_event.erase(same.begin(), same.end());
        for (auto& value : of_event) ++counts[std::move(value)];
    }
    for (auto& [value, count] : counts) values.values.push_back({value, count});
    std::ranges::sort(values.values, [](const ValueCount& one, const ValueCount& other) {
        return one.count != other.count ? one.count > other.count : one.value < other.value;
    });
    if (values.values.size() > count_max) values.values.resize(count_max);
    return values;
}

Result<History::Count> Searcher::count(const Search& search, std::uint64_t at_most) {
    History::Count count;
    Matches matches(*this, search, std::nullopt);
    Match match;
    const bool all = search.query.matches_all();
    while (true) {
        const auto next = all ? matches.next_stored() : matches.next(match, no_limit);
        if (next == Next::end) return count;
        if (next == Next::budget || count.value == at_most) {
            count.exact = false;
            return count;
        }
        ++count.value;
    }
}

}  // namespace cairn::history
