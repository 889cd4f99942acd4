#include "event/canonical.h"

#include <algorithm>
#include <vector>

#include "base/json.h"
#include "event/json_scan.h"
#include "event/record.h"

namespace cairn {

namespace {

struct Member {
    std::string name;
    std::string_view value;
};

std::vector<Member> members_of(std::string_view object) {
    std::vector<Member> members;
    JsonScan scan(object);
    for (scan.take(); scan.more();) {
        Member member;
        append_unescaped(member.name, scan.name(), true);
        member.value = scan.value();
        members.push_back(std::move(member));
    }
    std::ranges::stable_sort(members, {}, &Member::name);
    return members;
}

void append_canonical(std::string& out, std::string_view value);

void append_object(std::string& out, std::string_view object) {
    out.push_back('{');
    bool first = true;
    for (const Member& member : members_of(object)) {
        if (!std::exchange(first, false)) out.push_back(',');
        append_json_string(out, member.name);
        out.push_back(':');
        append_canonical(out, member.value);
    }
    out.push_back('}');
}

void append_array(std::string& out, std::string_view array) {
    out.push_back('[');
    bool first = true;
    JsonScan scan(array);
    for (scan.take(); scan.more();) {
        if (!std::exchange(first, false)) out.push_back(',');
        append_canonical(out, scan.value());
    }
    out.push_back(']');
}

// Recursion is as deep as the record, which RecordLimits bounds.
void append_canonical(std::string& out, std::string_view value) {
    switch (value.empty() ? '\0' : value.front()) {
        case '{': return append_object(out, value);
        case '[': return append_array(out, value);
        case '"': {
            const auto inside = JsonScan(value).string();
            if (inside.find('\\') == std::string_view::npos) {
                out.append(value);
                return;
            }
            std::string text;
            append_unescaped(text, inside, true);
            return append_json_string(out, text);
        }
        default: out.append(value);
    }
}

}  // namespace

std::string canonical_record(std::string_view record) {
    std::string out;
    out.reserve(record.size());
    append_canonical(out, JsonScan(record).value());
    return out;
}

bool same_record(std::string_view one, std::string_view other) {
    return one == other || canonical_record(one) == canonical_record(other);
}

}  // namespace cairn
