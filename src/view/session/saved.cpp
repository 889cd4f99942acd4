#include "view/session/saved.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"

namespace cairn::session {

namespace {

constexpr std::string_view kind = "session graph";
constexpr std::int64_t version = 1;
constexpr std::string_view check_line_begin = "{\"crc32c\":\"";
constexpr std::size_t check_line_bytes = check_line_begin.size() + 8 + 3;  // digits, quote, brace, line feed

void add_line(std::string& out, const Json& json) { out.append(to_text(json)).append("\n"); }

void add_text(Json& json, std::string_view name, const std::string& text) {
    if (!text.empty()) json.set(name, text);
}

Json life_json(const std::string& key, const Life& life) {
    Json json = JsonObject{{"key", key}, {"from", to_milliseconds(life.from)}, {"last", to_milliseconds(life.last)}};
    if (life.to != open_end) json.set("to", to_milliseconds(life.to));
    json.set("evidence", static_cast<int>(life.evidence));
    if (life.begun) json.set("begun", true);
    if (life.temporary) json.set("temporary", true);
    add_text(json, "type", life.type);
    add_text(json, "arn", life.arn);
    add_text(json, "name", life.name);
    add_text(json, "identity", life.identity);
    if (life.parent.kind != ParentKind::none) json.set("parentKind", static_cast<int>(life.parent.kind));
    add_text(json, "parent", life.parent.name);
    add_text(json, "provider", life.parent.provider);
    add_text(json, "eventID", life.event_id);
    add_text(json, "tags", life.tags);
    return json;
}

std::int64_t number(const Json& json, std::string_view name, std::int64_t otherwise = 0) {
    const auto* found = json.find(name);
    return found ? found->as_integer() : otherwise;
}

bool flag(const Json& json, std::string_view name) {
    const auto* found = json.find(name);
    return found && found->as_bool();
}

std::unexpected<Error> damaged(const char* what) {
    return fail(Code::corrupt, fmt::format("the session graph {}", what));
}

Result<void> read_life(const Json& json, Tables& tables) {
    const auto evidence = number(json, "evidence"), parent = number(json, "parentKind");
    if (evidence < 0 || evidence > static_cast<int>(Evidence::trail_record) || parent < 0 ||
        parent > static_cast<int>(ParentKind::key))
        return damaged("has a kind that is not known");
    Life life;
    life.from = from_milliseconds(number(json, "from"));
    life.last = from_milliseconds(number(json, "last"));
    if (json.find("to")) life.to = from_milliseconds(number(json, "to"));
    life.evidence = static_cast<Evidence>(evidence);
    life.begun = flag(json, "begun");
    life.temporary = flag(json, "temporary");
    life.type = json.text("type");
    life.arn = json.text("arn");
    life.name = json.text("name");
    life.identity = json.text("identity");
    life.parent = {static_cast<ParentKind>(parent), std::string(json.text("parent")),
                   std::string(json.text("provider"))};
    life.event_id = json.text("eventID");
    life.tags = json.text("tags");
    tables.keys[std::string(json.text("key"))].push_back(std::move(life));
    return {};
}

void save_names(std::string& out, std::string_view member, const std::map<std::string, Named, std::less<>>& names) {
    for (const auto& [key, named] : names) {
        Json json = JsonObject{{std::string(member), key}, {"last", to_milliseconds(named.last)}, {"arn", named.arn}};
        add_text(json, "id", named.id);
        add_line(out, json);
    }
}

void read_named(const Json& json, std::string_view key, std::map<std::string, Named, std::less<>>& names) {
    names[std::string(key)] = {.id = std::string(json.text("id")),
                               .arn = std::string(json.text("arn")),
                               .last = from_milliseconds(number(json, "last"))};
}

}  // namespace

std::string save_tables(const Tables& tables, std::uint64_t position) {
    std::string out;
    add_line(out, JsonObject{{"cairn", kind}, {"version", version}, {"position", position}});
    // In order, so that equal graphs have equal files.
    std::vector<const std::string*> keys;
    keys.reserve(tables.keys.size());
    for (const auto& [key, lives] : tables.keys) keys.push_back(&key);
    std::ranges::sort(keys, {}, [](const std::string* key) -> const std::string& { return *key; });
    for (const auto* key : keys)
        for (const auto& life : tables.keys.find(*key)->second) add_line(out, life_json(*key, life));
    save_names(out, "user", tables.users);
    save_names(out, "role", tables.roles);
    out.append(fmt::format("{}{:08x}\"}}\n", check_line_begin, crc32c(out)));
    return out;
}

Result<std::uint64_t> load_tables(std::string_view text, Tables& tables) {
    if (text.size() < check_line_bytes) return damaged("is cut");
    const auto body = text.substr(0, text.size() - check_line_bytes);
    if (text.substr(body.size()) != fmt::format("{}{:08x}\"}}\n", check_line_begin, crc32c(body)))
        return damaged("has a wrong checksum");
    std::uint64_t position = 0;
    bool first = true;
    for (auto rest = body; !rest.empty();) {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos) return damaged("ends within a line");
        const auto json = parse_json(rest.substr(0, end));
        rest.remove_prefix(end + 1);
        if (!json || !json->is_object()) return damaged("has a line that is no JSON object");
        if (std::exchange(first, false)) {
            if (json->text("cairn") != kind) return damaged("is another file");
            if (number(*json, "version") > version)
                return fail(Code::invalid, "the session graph was written by a newer version");
            position = static_cast<std::uint64_t>(number(*json, "position"));
        } else if (json->find("key")) {
            CAIRN_TRY(read_life(*json, tables));
        } else if (const auto user = json->text("user"); !user.empty()) {
            read_named(*json, user, tables.users);
        } else if (const auto role = json->text("role"); !role.empty()) {
            read_named(*json, role, tables.roles);
        }
    }
    if (first) return damaged("is empty");
    return position;
}

}  // namespace cairn::session
