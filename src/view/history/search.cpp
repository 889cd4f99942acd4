#include "view/history/search.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "base/bytes.h"
#include "base/hash.h"
#include "view/history/numbers.h"

namespace cairn::history {

namespace {

/// Events that are looked at beyond a full page, to tell whether it is the last one.
constexpr std::uint64_t peek_events_max = 16;
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

/// An index file keeps 40 bits of an EventId's hash, too few to be sure.
bool index_tells_exactly(const match::Query& query) {
    const auto by_id = [](const match::Query::Indexed& term) { return term.attribute == Attribute::event_id; };
    return query.only_indexed() && std::ranges::none_of(query.indexed(), by_id);
}

WalkRange range_of(const Search& search, std::uint64_t number_from, std::uint64_t number_bound,
                   const std::optional<Token>& token) {
    WalkRange range;
    range.min_time_ms = search.from ? to_milliseconds(*search.from) : std::numeric_limits<std::int64_t>::min();
    range.max_time_ms = search.to ? to_milliseconds(*search.to) : std::numeric_limits<std::int64_t>::max();
    range.number_from = number_from;
    range.number_bound = std::min(number_bound, search.until.value_or(no_limit));
    range.oldest_first = search.oldest_first;
    if (token) {
        range.number_bound = std::min(range.number_bound, token->number_bound);
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
          candidates_({owner.snapshot_, admitted_,
                       range_of(search, owner.records_.log().begin(), owner.number_bound_, token),
                       terms_of(search.query), search.query, owner.records_, owner.helpers_, owner.options_,
                       search.limit + peek_events_max}),
          parser_(owner.records_.parser()) {}

    /// The next match.
    Next next(Match& match, std::uint64_t scan_to) {
        for (;;) {
            const auto next = candidates_.next(match.candidate, scan_to);
            if (next != Next::found || take(match)) return next;
        }
    }

    /// The place of a candidate in the order of history; without eventID when its record cannot be read.
    Position position(const Candidate& candidate) {
        return {candidate.time_ms, records_.order_id_of(candidate.number), candidate.number};
    }

    /// Reads the fields of a match. They hold until the next one.
    bool parse(Match& match) {
        if (match.event != nullptr) return true;
        const auto event = parser_.parse(match.text);
        if (!event) return skip(match.candidate, event.error());
        match.event = *event;
        return true;
    }

    /// Reads an event by its number.
    bool read(std::uint64_t number, Match& match) {
        match.candidate = {0, number};
        return read(match);
    }

    Candidates& candidates() { return candidates_; }
    const std::vector<char>& admitted() const { return admitted_; }

private:
    bool take(Match& match) {
        if (!read(match)) return false;
        if (query_.matches_all()) return true;
        return parse(match) && query_.matches(*match.event);
    }

    bool read(Match& match) {
        const auto text = candidates_.text_of(match.candidate);
        if (!text) return skip(match.candidate, text.error());
        match.text = *text;
        match.event = nullptr;
        return true;
    }

    bool skip(const Candidate& candidate, const Error& error) {
        if (error.code != Code::not_found) records_.unreadable(candidate.number, error);
        return false;
    }

    Records& records_;
    const match::Query& query_;
    const std::vector<char> admitted_;
    Candidates candidates_;
    Records::Parser parser_;
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
    if (search.until) append<std::uint64_t>(text, *search.until);
    return hash64(text);
}

Result<Page> Searcher::page(const Search& search, PageReader& reader) {
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
    auto& candidates = matches.candidates();
    Position after;
    auto next = Next::found;
    reader.begin();
    for (std::size_t taken = 0; taken < search.limit;) {
        next = matches.next(match, no_limit);
        if (next == Next::end) break;
        if (next == Next::budget) {
            after = matches.position(candidates.last());
            if (!after.event_id.empty()) break;
            candidates.extend_budget();  // a token names an event by its eventID: stop at one that has it
            continue;
        }
        if (!matches.parse(match)) continue;
        const auto& [time_ms, number] = match.candidate;
        records_.keep(number, match.text);
        reader.take(number, *match.event);
        if (++taken == search.limit) after = {time_ms, std::string(order_id(match.event->event_id)), number};
    }
    page.scanned = candidates.scanned();
    page.scanned_bytes = candidates.scanned_bytes();
    page.exhausted_budget = next == Next::budget;
    if (next == Next::end) return page;
    if (next == Next::found) {
        if (search.limit == 0) return page;
        if (matches.next(match, candidates.scanned() + peek_events_max) == Next::end) return page;
    }
    page.token =
        Token{after, token ? std::min(token->number_bound, number_bound_) : number_bound_, search_hash}.encode();
    return page;
}

namespace {

/// How often each value was met.
class Tally {
public:
    Tally(std::string_view field, std::string_view prefix) : field_(field), prefix_(prefix) {}

    /// The values of one event count `count` times.
    Result<void> add(const EventView& event, std::uint64_t count) {
        of_event_.clear();
        CAIRN_TRY(match::field_values(event, field_, [&](std::string_view value) {
            if (!value.empty() && value.starts_with(prefix_)) of_event_.emplace_back(value);
        }));
        std::ranges::sort(of_event_);
        const auto same = std::ranges::unique(of_event_);
        of_event_.erase(same.begin(), same.end());
        for (auto& value : of_event_) counts_[std::move(value)] += count;
        return {};
    }

    std::vector<ValueCount> most_frequent(std::size_t count_max) const {
        std::vector<ValueCount> values;
        for (const auto& [value, count] : counts_) values.push_back({value, count});
        std::ranges::sort(values, [](const ValueCount& one, const ValueCount& other) {
            return one.count != other.count ? one.count > other.count : one.value < other.value;
        });
        if (values.size() > count_max) values.resize(count_max);
        return values;
    }

private:
    const std::string_view field_, prefix_;
    std::unordered_map<std::string, std::uint64_t> counts_;
    std::vector<std::string> of_event_;
};

}  // namespace

Result<History::Values> Searcher::values(const Search& search, std::string_view field, std::string_view prefix,
                                         std::size_t count_max) {
    if (!match::known_field(field)) return fail(Code::invalid, "unknown field: " + std::string(field.substr(0, 100)));
    Tally tally(field, prefix);
    History::Values values;
    const auto attribute = match::single_indexed(field);
    const bool index_tells = attribute && *attribute != Attribute::event_id &&
                             (search.query.matches_all() || index_tells_exactly(search.query));
    if (index_tells) {
        CAIRN_TRY(count_by_index(search, *attribute, field, values,
                                 [&](const EventView& event, std::uint64_t count) { return tally.add(event, count); }));
    } else {
        Matches matches(*this, search, std::nullopt);
        Match match;
        auto next = Next::found;
        while ((next = matches.next(match, no_limit)) == Next::found) {
            ++values.total;
            if (matches.parse(match)) CAIRN_TRY(tally.add(*match.event, 1));
        }
        values.exact = next != Next::budget;
    }
    values.values = tally.most_frequent(count_max);
    return values;
}

/// Reads one event of each value and asks the index for all others that have it, until no event is left.
Result<void> Searcher::count_by_index(const Search& search, Attribute attribute, std::string_view field,
                                      History::Values& values,
                                      const std::function<Result<void>(const EventView&, std::uint64_t)>& add) {
    constexpr std::uint64_t trial_values = 1024, events_per_value = 16;
    NumberSet left;
    std::vector<std::uint64_t> numbers;
    Matches matches(*this, search, std::nullopt);
    auto next = Next::found;
    while ((next = matches.candidates().next_stored(numbers)) == Next::found) {
        for (const auto number : numbers) left.add(number);
        values.total += numbers.size();
    }
    values.exact = next != Next::budget;

    std::uint64_t read = 0, asked = 0, told = 0;
    for (std::uint64_t number = 0; left.next(number); ++number) {
        if (read++ == options_.scan_records_max) {
            values.exact = false;
            return {};
        }
        left.remove(number);
        Match match;
        if (!matches.read(number, match) || !matches.parse(match)) continue;
        std::string value;
        CAIRN_TRY(match::field_values(*match.event, field, [&](std::string_view found) { value = found; }));
        std::uint64_t count = 1;
        const bool worth_it = asked < trial_values || told > asked * events_per_value;
        if (!value.empty() && worth_it) {
            auto terms = terms_of(search.query);
            terms.push_back({.event_id = false, .any_of = {posting_hash(attribute, value)}});
            Walk walk(snapshot_, matches.admitted(),
                      range_of(search, records_.log().begin(), number_bound_, std::nullopt), terms, records_);
            while (const auto candidate = walk.next_in_any_order()) count += left.remove(candidate->number) ? 1 : 0;
            ++asked;
            told += count;
        }
        CAIRN_TRY(add(*match.event, count));
    }
    return {};
}

Result<History::Count> Searcher::count(const Search& search, std::uint64_t at_most) {
    History::Count count;
    Matches matches(*this, search, std::nullopt);
    Match match;
    std::vector<std::uint64_t> numbers;
    const bool index_tells = search.query.matches_all() || index_tells_exactly(search.query);
    while (true) {
        const auto next = index_tells ? matches.candidates().next_stored(numbers) : matches.next(match, no_limit);
        if (next == Next::end) return count;
        if (next == Next::found) count.value += index_tells ? numbers.size() : 1;
        if (next == Next::budget || count.value > at_most) {
            count.value = std::min(count.value, at_most);
            count.exact = false;
            return count;
        }
    }
}

}  // namespace cairn::history
