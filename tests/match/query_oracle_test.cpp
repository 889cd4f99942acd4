#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <random>
#include <set>

#include "base/json.h"
#include "event/canonical.h"
#include "event/record_corpus.h"
#include "event/record_support.h"
#include "match/query.h"

using namespace cairn;
using cairn::match::Query;

namespace {

/// A search as a tree, kept apart from the code under test: made at random, written as text, and answered slowly from
/// the parsed JSON.
struct SlowTerm {
    bool negated = false;
    std::string field, op;  ///< "text" for a bare text; op "has" for presence
    std::vector<std::string> values;
};

struct SlowGroup {
    bool any = false;
    std::vector<SlowTerm> terms;
};

struct SlowQuery {
    bool any = false;
    std::vector<SlowGroup> groups;
};

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string written(const SlowTerm& term) {
    std::string out = term.negated ? "-" : "";
    if (term.op == "has") return out + "has:" + term.field;
    if (term.field == "text" && term.op == "bare") return out + quoted(term.values[0]);
    out += term.field + " " + term.op + " ";
    if (term.op != "in") return out + quoted(term.values[0]);
    out += "(";
    for (std::size_t i = 0; i < term.values.size(); ++i) out += (i ? "," : "") + quoted(term.values[i]);
    return out + ")";
}

std::string written(const SlowQuery& query) {
    std::string out;
    for (const auto& group : query.groups) {
        if (!out.empty()) out += query.any ? " or " : " and ";
        std::string inner;
        for (const auto& term : group.terms) inner += (inner.empty() ? "" : group.any ? " or " : " ") + written(term);
        out += group.terms.size() > 1 ? "(" + inner + ")" : inner;
    }
    return out;
}

std::string lowered(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return text;
}

bool contains(const std::string& where, const std::string& what) {
    return lowered(where).find(lowered(what)) != std::string::npos;
}

/// Resolves escapes one character at a time. The corpus has no escapes beyond the Basic Multilingual Plane.
std::string without_escapes(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        const char c = text[++i];
        if (c == 'u') {
            const auto json = parse_json("\"" + text.substr(i - 1, 6) + "\"");
            out += json ? json->as_string() : "?";
            i += 4;
        } else {
            out += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : c == 'f' ? '\f' : c;
        }
    }
    return out;
}

struct SlowEvent {
    std::string raw;
    Json json;
    std::string username, account, event_id;
    std::vector<std::pair<std::string, std::string>> resources;
    Category category{};
    std::int64_t time_ms = 0;
};

std::string text_at(const Json& json, std::initializer_list<std::string_view> path) {
    const Json* at = &json;
    for (const auto step : path) {
        at = at->is_object() ? at->find(step) : nullptr;
        if (!at) return {};
    }
    return at->as_string();
}

std::string first_of(std::initializer_list<std::string> texts) {
    for (const auto& text : texts)
        if (!text.empty()) return text;
    return {};
}

void values_at(const Json& json, std::span<const std::string> path, std::vector<const Json*>& out) {
    if (path.empty()) return out.push_back(&json);
    if (json.is_array()) {
        for (const auto& item : json.as_array()) values_at(item, path, out);
    } else if (json.is_object()) {
        if (const auto* member = json.find(path[0])) values_at(*member, path.subspan(1), out);
    }
}

std::vector<std::string> slow_values(const SlowEvent& event, const std::string& field) {
    const Json& json = event.json;
    const auto top = [&](std::string_view name) { return text_at(json, {name}); };
    const auto identity = [&](std::string_view name) { return text_at(json, {"userIdentity", name}); };
    const auto issuer = [&](std::string_view name) {
        return text_at(json, {"userIdentity", "sessionContext", "sessionIssuer", name});
    };
    const auto boolean = [](const Json* value) -> std::string {
        if (!value) return {};
        if (value->is_bool()) return value->as_bool() ? "true" : "false";
        const auto text = lowered(value->as_string());
        return text == "true" || text == "false" ? text : "";
    };
    std::vector<std::string> all;
    if (field == "eventName" || field == "eventSource" || field == "eventType" || field == "errorCode" ||
        field == "userAgent" || field == "errorMessage" || field == "requestID" || field == "sharedEventID")
        all = {top(field)};
    else if (field == "region")
        all = {top("awsRegion")};
    else if (field == "sourceIP")
        all = {top("sourceIPAddress")};
    else if (field == "vpcEndpoint")
        all = {top("vpcEndpointId")};
    else if (field == "accessKey")
        all = {identity("accessKeyId")};
    else if (field == "eventID")
        all = {event.event_id};
    else if (field == "account")
        all = {event.account};
    else if (field == "user")
        all = {event.username};
    else if (field == "origin")
        all = {first_of({issuer("arn"), identity("arn")})};
    else if (field == "principal")
        all = {first_of({identity("arn"), identity("principalId"), identity("invokedBy")})};
    else if (field == "role") {
        std::string name = issuer("userName");
        const auto arn = identity("arn");
        const auto at = arn.find(":assumed-role/");
        if (name.empty() && at != arn.npos) name = arn.substr(at + 14, arn.find('/', at + 14) - at - 14);
        all = {name, issuer("arn")};
    } else if (field == "readOnly")
        all = {boolean(json.find("readOnly"))};
    else if (field == "category")
        all = {std::string(category_name(event.category))};
    else if (field == "resource")
        for (const auto& [type, name] : event.resources) all.push_back(name);
    else if (field == "resourceType")
        for (const auto& [type, name] : event.resources) all.push_back(type);
    else
        ADD_FAILURE() << field;
    std::erase(all, "");
    return all;
}

bool slow_value_holds(const std::string& value, const SlowTerm& term) {
    if (term.op == "has") return true;
    if (term.op == ":") return contains(value, term.values[0]);
    if (term.op == "^") return value.substr(0, term.values[0].size()) == term.values[0];
    return std::ranges::find(term.values, value) != term.values.end();
}

/// The value of a text that is a JSON number and nothing else: "007" is none.
std::optional<double> number_in(const std::string& text) {
    const auto json = parse_json(text);
    if (!json || !json->is_number() || text.find_first_of(" \t\r\n") != text.npos) return std::nullopt;
    return json->as_number();
}

bool slow_path_holds(const Json& value, const SlowTerm& term) {
    if (value.is_null()) return false;
    if (term.op == "has") return true;
    if (value.is_array() || value.is_object()) return false;
    const auto text = value.is_string() ? value.as_string() : to_text(value);
    if (term.op == ">" || term.op == "<=") {
        const auto number = number_in(text);
        return number && (*number > *number_in(term.values[0])) == (term.op == ">");
    }
    if (value.is_number() && term.op != ":" && term.op != "^") {
        return std::ranges::any_of(term.values,
                                   [&](const std::string& wanted) { return number_in(wanted) == value.as_number(); });
    }
    return slow_value_holds(text, term);
}

bool slow_matches(const SlowEvent& event, const SlowTerm& term) {
    bool holds = false;
    if (term.field == "text") {
        holds = contains(event.raw, term.values[0]) || contains(without_escapes(event.raw), term.values[0]);
    } else if (term.field == "eventTime") {
        const auto wanted = to_milliseconds(*parse_time(term.values[0]));
        holds = term.op == ">" ? event.time_ms > wanted : event.time_ms <= wanted;
    } else if (term.field.starts_with("$.")) {
        std::vector<std::string> path;
        for (std::size_t at = 2; at <= term.field.size();) {
            const auto dot = std::min(term.field.find('.', at), term.field.size());
            path.push_back(term.field.substr(at, dot - at));
            at = dot + 1;
        }
        std::vector<const Json*> values;
        values_at(event.json, path, values);
        holds = std::ranges::any_of(values, [&](const Json* value) { return slow_path_holds(*value, term); });
    } else {
        holds = std::ranges::any_of(slow_values(event, term.field),
                                    [&](const std::string& value) { return slow_value_holds(value, term); });
    }
    return (term.op == "!=" ? !holds : holds) != term.negated;
}

bool slow_matches(const SlowEvent& event, const SlowQuery& query) {
    const auto group_matches = [&](const SlowGroup& group) {
        const auto one = [&](const SlowTerm& term) { return slow_matches(event, term); };
        return group.any ? std::ranges::any_of(group.terms, one) : std::ranges::all_of(group.terms, one);
    };
    return query.any ? std::ranges::any_of(query.groups, group_matches)
                     : std::ranges::all_of(query.groups, group_matches);
}

/// Makes searches whose values mostly occur in the events.
class Maker {
public:
    Maker(const std::vector<SlowEvent>& events, std::uint64_t seed) : events_(events), random_(seed) {}

    SlowQuery query() {
        SlowQuery query;
        query.any = chance(30);
        for (std::size_t i = 0, count = 1 + below(3); i < count; ++i) {
            SlowGroup group;
            group.any = chance(50);
            for (std::size_t k = 0, terms = 1 + below(3); k < terms; ++k) group.terms.push_back(term());
            query.groups.push_back(std::move(group));
        }
        return query;
    }

private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    bool chance(std::size_t percent) { return below(100) < percent; }
    template <class List>
    auto pick(const List& list) {
        return *(std::begin(list) + static_cast<std::ptrdiff_t>(below(std::size(list))));
    }

    std::string part_of(const std::string& text, std::size_t most) {
        if (text.empty()) return "x";
        const std::size_t begin = below(text.size());
        return text.substr(begin, 1 + below(most));
    }

    SlowTerm term() {
        const SlowEvent& event = events_[below(events_.size())];
        SlowTerm term;
        term.negated = chance(15);
        const auto kind = below(100);
        if (kind < 20) {
            const auto source = chance(50) ? event.raw : without_escapes(event.raw);
            term = {term.negated, "text", chance(50) ? "bare" : ":", {part_of(source, 12)}};
            if (chance(50)) term.values[0] = lowered(term.values[0]);
        } else if (kind < 30) {
            term = {
                term.negated, "eventTime", chance(50) ? ">" : "<=", {format_time(from_milliseconds(event.time_ms))}};
        } else if (kind < 50) {
            path_term(event, term);
        } else {
            field_term(event, term);
        }
        return term;
    }

    void field_term(const SlowEvent& event, SlowTerm& term) {
        static const char* const names[] = {"eventName",     "eventSource", "eventType",    "category", "readOnly",
                                            "errorCode",     "region",      "account",      "user",     "origin",
                                            "principal",     "role",        "accessKey",    "sourceIP", "userAgent",
                                            "vpcEndpoint",   "resource",    "resourceType", "eventID",  "requestID",
                                            "sharedEventID", "errorMessage"};
        static const char* const exact[] = {"=", "!=", "in", "has", "="};
        static const char* const any[] = {"=", "!=", "in", "has", ":", "^", "="};
        static const std::set<std::string> only_exact = {"category", "readOnly", "eventID", "requestID",
                                                         "sharedEventID"};
        term.field = pick(names);
        term.op = only_exact.contains(term.field) ? pick(exact) : pick(any);
        const auto values = slow_values(event, term.field);
        std::string value = values.empty() ? (term.field == "readOnly" ? "true" : "none") : pick(values);
        if (term.op == ":") value = part_of(value, 8);
        if (term.op == "^") value = value.substr(0, 1 + below(value.size()));
        if (term.field == "sourceIP" && value.find('/') != value.npos) value = "none";
        if (term.op != "has") term.values = {value};
        if (term.op == "in" && chance(70)) {
            const auto more = slow_values(events_[below(events_.size())], term.field);
            if (!more.empty() && more[0].find('/') == std::string::npos) term.values.push_back(more[0]);
        }
    }

    void path_term(const SlowEvent& event, SlowTerm& term) {
        std::string path = "$";
        const Json* at = &event.json;
        while (at->is_object() || at->is_array()) {
            if (at->is_array()) {
                if (at->as_array().empty()) break;
                at = &at->as_array()[below(at->as_array().size())];
                continue;
            }
            if (at->as_object().empty()) break;
            const auto& [name, value] = at->as_object()[below(at->as_object().size())];
            const bool plain =
                !name.empty() &&
                name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == name.npos;
            // The code under test takes digits for an index, the slow answer does not.
            if (!plain || name.find_first_not_of("0123456789") == name.npos) break;
            path += "." + name;
            at = &value;
        }
        if (path == "$") path = "$.eventName";
        term.field = path;
        const auto text = at->is_string() ? at->as_string() : to_text(*at);
        const bool number = at->is_number();
        static const char* const ops[] = {"=", "!=", "in", "has", ":", "^", ">", "<="};
        term.op = pick(ops);
        if ((term.op == ">" || term.op == "<="))
            term.values = {number ? text : std::to_string(below(1000))};
        else if (term.op == ":")
            term.values = {part_of(at->is_object() || at->is_array() ? "none" : text, 8)};
        else if (term.op == "^")
            term.values = {text.substr(0, 1 + below(std::min<std::size_t>(text.size() + 1, 10)))};
        else if (term.op != "has")
            term.values = {number && chance(50) ? text + ".0" : text};
        if (!term.values.empty() && term.values[0].empty()) term.values[0] = "none";
        // Contains on an array or object looks at its text, which the slow answer has only in another spelling.
        if (term.op == ":") term.negated = false;
    }

    const std::vector<SlowEvent>& events_;
    std::mt19937_64 random_;
};

/// "$...:" may hold where the slow answer, which does not look into arrays and objects, says no.
bool looks_into_objects(const SlowQuery& query) {
    for (const auto& group : query.groups)
        for (const auto& term : group.terms)
            if (term.field.starts_with("$.") && term.op == ":") return true;
    return false;
}

/// Number spellings that to_text() changes would make the slow answer differ on `:` and `^`.
std::vector<SlowEvent> some_events() {
    std::vector<SlowEvent> events;
    const auto records = corpus_records();
    Parse parse;
    for (std::size_t i = 0; i < records.size(); i += 13) {
        if (records[i].size() > 6000) continue;
        const auto& view = parse.view(records[i]);
        SlowEvent event{records[i],
                        *parse_json(records[i]),
                        std::string(view.username),
                        std::string(view.account),
                        std::string(view.event_id),
                        {},
                        view.category,
                        to_milliseconds(view.time)};
        for (const auto& resource : view.resources) event.resources.emplace_back(resource.type, resource.name);
        events.push_back(std::move(event));
    }
    return events;
}

bool holds_needle(const std::string& raw, const Query::Needle& needle) {
    return needle.ignore_case ? contains(raw, needle.text) : raw.find(needle.text) != std::string::npos;
}

}  // namespace

TEST(QueryOracle, GeneratedSearchesAgreeWithTheSlowAnswer) {
    const auto events = some_events();
    NEED_SHARED(events);
    const char* const given = std::getenv("CAIRN_SEED");
    const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : 20261121;
    SCOPED_TRACE("CAIRN_SEED=" + std::to_string(seed));
    Maker maker(events, seed);
    std::vector<std::unique_ptr<Parse>> parsers;
    std::vector<const EventView*> views;
    std::vector<IndexBatch> rows(events.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
        views.push_back(&parsers.emplace_back(std::make_unique<Parse>())->view(events[i].raw));
        rows[i].add(*views.back(), i);
    }
    std::size_t matched = 0, asked = 0;
    for (int round = 0; round < 1500; ++round) {
        const auto slow = maker.query();
        const auto text = written(slow);
        const auto query = Query::parse(text);
        ASSERT_TRUE(query) << text << ": " << query.error().message;
        const bool looser = looks_into_objects(slow);
        for (std::size_t i = static_cast<std::size_t>(round) % 5; i < events.size(); i += 5) {
            const bool wanted = slow_matches(events[i], slow);
            const bool got = query->matches(*views[i]);
            ++asked;
            matched += got;
            if (wanted != got && !(looser && got)) FAIL() << text << "\n" << events[i].raw << "\nwanted " << wanted;
            if (!got) continue;
            for (const auto& indexed : query->indexed()) {
                const bool posted = std::ranges::any_of(indexed.any_of, [&](const std::string& value) {
                    const auto hash = posting_hash(indexed.attribute, value);
                    return indexed.attribute == Attribute::event_id
                               ? rows[i].rows[0].id_hash == hash
                               : std::ranges::find(rows[i].postings, hash) != rows[i].postings.end();
                });
                ASSERT_TRUE(posted) << text << "\n" << events[i].raw;
            }
            if (!query->needles().empty()) {
                ASSERT_TRUE(std::ranges::any_of(
                    query->needles(), [&](const auto& needle) { return holds_needle(events[i].raw, needle); }))
                    << text << "\n"
                    << events[i].raw;
            }
        }
    }
    EXPECT_GT(matched * 20, asked) << "too few matches to tell anything";
    EXPECT_LT(matched * 20, asked * 19);
}

TEST(QueryOracle, NeedlesHoldHoweverARecordIsEscaped) {
    const auto events = some_events();
    NEED_SHARED(events);
    std::mt19937_64 random(7);
    Parse parse;
    for (std::size_t i = 0; i < events.size(); i += 3) {
        // The same record with escapes where nobody needs them.
        std::string escaped;
        bool inside = false;
        for (std::size_t k = 0; k < events[i].raw.size(); ++k) {
            const char c = events[i].raw[k];
            if (c == '\\') {
                escaped.append(events[i].raw, k, 2);
                ++k;
            } else if (c == '"') {
                inside = !inside;
                escaped += c;
            } else if (inside && static_cast<unsigned char>(c) < 0x80 && random() % 20 == 0) {
                char escape[8];
                std::snprintf(escape, sizeof escape, random() % 2 ? "\\u%04x" : "\\u%04X", c);
                escaped += c == '/' && random() % 2 ? "\\/" : escape;
            } else {
                escaped += c;
            }
        }
        const auto& plain = parse.view(events[i].raw);
        for (const auto& text :
             {"\"" + std::string(plain.user_agent.substr(0, 9)) + "\"", "eventName=" + std::string(plain.event_name),
              "\"" + std::string(plain.event_source) + "\""}) {
            const auto query = Query::parse(text);
            if (!query) continue;
            EXPECT_TRUE(query->matches(parse.view(escaped))) << text << "\n" << escaped;
            if (!query->needles().empty()) {
                EXPECT_TRUE(std::ranges::any_of(query->needles(), [&](const auto& needle) {
                    return holds_needle(escaped, needle);
                })) << text;
            }
        }
        EXPECT_TRUE(same_record(events[i].raw, escaped));
    }
}
