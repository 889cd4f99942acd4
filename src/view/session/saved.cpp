#include "view/session/saved.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"

namespace cairn::session {

namespace {

constexpr std::string_view kind = "session graph";
constexpr std::int64_t version = 1;
constexpr std::string_view check_line_begin = "{\"crc32c\":\"";
constexpr std::size_t check_line_bytes = check_line_begin.size() + 8 + 3;  // digits, quote, brace, line feed

/// Appends the members of one line. Json's own objects would cost several times as much, for tens of thousands of keys.
class Line {
public:
    explicit Line(std::string& out) : out_(out) { out_.push_back('{'); }
    ~Line() { out_.append("}\n"); }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    void text(std::string_view name, std::string_view value) {
        member(name);
        append_json_string(out_, value);
    }
    void text_if_any(std::string_view name, std::string_view value) {
        if (!value.empty()) text(name, value);
    }
    void number(std::string_view name, std::int64_t value) {
        member(name);
        fmt::format_to(std::back_inserter(out_), "{}", value);
    }
    void true_if(std::string_view name, bool value) {
        if (!value) return;
        member(name);
        out_.append("true");
    }

private:
    void member(std::string_view name) {
        if (!std::exchange(first_, false)) out_.push_back(',');
        out_.append("\"").append(name).append("\":");
    }

    std::string& out_;
    bool first_ = true;
};

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
    life.name = json.text("name");
    life.identity = json.text("identity");
    life.parent = {static_cast<ParentKind>(parent), std::string(json.text("parent")),
                   std::string(json.text("provider"))};
    life.event_id = json.text("eventID");
    life.tags = json.text("tags");
    if (const auto identity = parse_json(life.identity)) life.arn = hash_of_arn(identity->text("arn"));
    const auto key = json.text("key");
    const auto border = key.find('\n');
    if (border == std::string_view::npos) return damaged("has a key without a space");
    tables.keys.make(key.substr(0, border), key.substr(border + 1)).push_back(std::move(life));
    return {};
}

void read_named(const Json& json, std::string_view key, std::map<std::string, Named, std::less<>>& names) {
    names[std::string(key)] = {.id = std::string(json.text("id")),
                               .arn = std::string(json.text("arn")),
                               .last = from_milliseconds(number(json, "last"))};
}

}  // namespace

TablesWriter::TablesWriter(std::uint64_t position, const WriteBytes& write) : write_(write) {
    Line line(out_);
    line.text("cairn", kind);
    line.number("version", version);
    line.number("position", static_cast<std::int64_t>(position));
}

void TablesWriter::add_key(std::string_view space, std::string_view id, const std::vector<Life>& lives) {
    std::string key(space);
    key.append("\n").append(id);
    for (const auto& life : lives) add_life(key, life);
}

void TablesWriter::add_life(std::string_view key, const Life& life) {
    Line line(out_);
    line.text("key", key);
    line.number("from", to_milliseconds(life.from));
    line.number("last", to_milliseconds(life.last));
    if (life.to != open_end) line.number("to", to_milliseconds(life.to));
    line.number("evidence", static_cast<int>(life.evidence));
    line.true_if("begun", life.begun);
    line.true_if("temporary", life.temporary);
    line.text_if_any("type", life.type);
    line.text_if_any("name", life.name);
    line.text_if_any("identity", life.identity);
    if (life.parent.kind != ParentKind::none) line.number("parentKind", static_cast<int>(life.parent.kind));
    line.text_if_any("parent", life.parent.name);
    line.text_if_any("provider", life.parent.provider);
    line.text_if_any("eventID", life.event_id);
    line.text_if_any("tags", life.tags);
}

void TablesWriter::add_named(std::string_view member, std::string_view key, const Named& named) {
    Line line(out_);
    line.text(member, key);
    line.number("last", to_milliseconds(named.last));
    line.text("arn", named.arn);
    line.text_if_any("id", named.id);
}

void TablesWriter::flush() {
    crc_ = crc32c(out_, crc_);
    if (written_) written_ = write_(out_);
    out_.clear();
}

Result<void> TablesWriter::finish() {
    flush();
    out_.append(fmt::format("{}{:08x}\"}}\n", check_line_begin, crc_));
    flush();
    return std::move(written_);
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
