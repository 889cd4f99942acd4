#include <algorithm>
#include <array>
#include <bitset>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/uuid.h"
#include "event/canonical.h"
#include "event/json_check.h"
#include "event/name_map.h"
#include "event/record.h"
#include "event/record_rules.h"
#include "event/resource_list.h"
#include "event/resource_rules.h"

namespace cairn {

namespace {

namespace dom = simdjson::dom;
using simdjson::dom::element_type;

enum Member : std::uint16_t {
    // Texts that are only shown: any other type counts as absent.
    event_version,
    event_type,
    source_ip,
    user_agent,
    error_code,
    error_message,
    request_id,
    shared_event_id,
    vpc_endpoint_id,
    insight_type,
    // Texts that decide what a record is: any other type is refused.
    event_id,
    event_time,
    event_source,
    event_name,
    event_category,
    region,
    recipient_account,
    account_id,
    aggregated_id,
    insight_source,
    insight_name,
    insight_error,
    text_members,
    read_only = text_members,
    management_event,
    user_identity,
    request_parameters,
    response_elements,
    resources,
    additional_data,
    insight_details,
    event_data,
    time_window,
    session_from_console,
    member_count
};
constexpr Member first_essential = event_id;

constexpr std::array<std::string_view, member_count> member_names = {
    "eventVersion",
    "eventType",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestID",
    "sharedEventID",
    "vpcEndpointId",
    "insightType",
    "eventID",
    "eventTime",
    "eventSource",
    "eventName",
    "eventCategory",
    "awsRegion",
    "recipientAccountId",
    "accountId",
    "eventId",
    "insightEventSource",
    "insightEventName",
    "insightErrorCode",
    "readOnly",
    "managementEvent",
    "userIdentity",
    "requestParameters",
    "responseElements",
    "resources",
    "additionalEventData",
    "insightDetails",
    "eventData",
    "timeWindow",
    "sessionCredentialFromConsole",
};

enum IdentityMember : std::uint16_t {
    identity_type,
    identity_principal,
    identity_arn,
    identity_account,
    identity_key,
    identity_user,
    identity_invoker,
    identity_session,
    identity_details,
    identity_member_count
};

constexpr std::array<std::string_view, identity_member_count> identity_names = {
    "type", "principalId", "arn", "accountId", "accessKeyId", "userName", "invokedBy", "sessionContext", "details",
};

template <std::size_t N>
NameMap make_map(const std::array<std::string_view, N>& names) {
    std::vector<NameMap::Name> numbered;
    for (std::size_t i = 0; i < N; ++i) numbered.push_back({names[i], static_cast<std::uint16_t>(i)});
    return NameMap(numbered);
}

const NameMap& members() {
    static const NameMap map = make_map(member_names);
    return map;
}

const NameMap& identity_members() {
    static const NameMap map = make_map(identity_names);
    return map;
}

std::string_view text_of(dom::element value) {
    std::string_view text;
    return value.get_string().get(text) ? std::string_view() : text;
}

/// true, false, or the same as a text, as some producers write it.
std::optional<bool> boolean_of(dom::element value) {
    bool found = false;
    if (!value.get_bool().get(found)) return found;
    const auto text = text_of(value);
    if (text == "true" || text == "True") return true;
    if (text == "false" || text == "False") return false;
    return std::nullopt;
}

std::string_view type_name(dom::element value) {
    switch (value.type()) {
        case element_type::ARRAY: return "an array";
        case element_type::OBJECT: return "an object";
        case element_type::STRING: return "a string";
        case element_type::BOOL: return "a boolean";
        case element_type::NULL_VALUE: return "null";
        default: return "a number";
    }
}

/// Texts of a record beside those of EventView.
struct MoreTexts {
    std::string_view time, account_id, aggregated_id, insight_source, insight_name, insight_error;
};

/// Where the text of each member goes.
using Slots = std::array<std::string_view*, text_members>;

Slots slots_of(EventView& view, MoreTexts& more) {
    Slots slots;
    slots[event_version] = &view.event_version;
    slots[event_type] = &view.event_type;
    slots[source_ip] = &view.source_ip;
    slots[user_agent] = &view.user_agent;
    slots[error_code] = &view.error_code;
    slots[error_message] = &view.error_message;
    slots[request_id] = &view.request_id;
    slots[shared_event_id] = &view.shared_event_id;
    slots[vpc_endpoint_id] = &view.vpc_endpoint_id;
    slots[insight_type] = &view.insight_type;
    slots[event_id] = &view.event_id;
    slots[event_time] = &more.time;
    slots[event_source] = &view.event_source;
    slots[event_name] = &view.event_name;
    slots[event_category] = &view.event_category;
    slots[region] = &view.region;
    slots[recipient_account] = &view.account;
    slots[account_id] = &more.account_id;
    slots[aggregated_id] = &more.aggregated_id;
    slots[insight_source] = &more.insight_source;
    slots[insight_name] = &more.insight_name;
    slots[insight_error] = &more.insight_error;
    return slots;
}

/// The members of a record that are not texts, as far as they are there and not null.
class Others {
public:
    void put(Member member, dom::element value) {
        elements_[member - text_members] = value;
        present_ |= 1u << (member - text_members);
    }

    const dom::element* find(Member member) const {
        return present_ >> (member - text_members) & 1 ? &elements_[member - text_members] : nullptr;
    }

private:
    std::array<dom::element, member_count - text_members> elements_;
    std::uint32_t present_ = 0;
};

/// Finds the resources that the rules name below one element.
class ResourceWalk {
public:
    ResourceWalk(const ServiceRules& rules, std::string_view event_name, ResourceList& out)
        : rules_(rules), event_name_(event_name), out_(out) {}

    void request(dom::element parameters) {
        in_request_ = true;
        start(parameters);
    }

    void response(dom::element elements) {
        in_request_ = false;
        start(elements);
    }

    /// True when a member of which a rule speaks came twice in one object.
    bool repeated() const { return repeated_; }

private:
    static constexpr int depth_max = 8;

    void start(dom::element value) {
        dom::object object;
        if (!value.get_object().get(object)) walk(object, nullptr, 0);
    }

    /// `named` is the rule of the member that holds the object, if there was one.
    void walk(dom::object object, const ResourceRule* named, int depth) {
        std::bitset<ServiceRules::numbers_max> seen;
        for (const auto [name, value] : object) {
            const int number = rules_.number_of(name);
            if (number != NameMap::none) {
                const auto bit = static_cast<std::size_t>(number);
                if (seen[bit]) {
                    repeated_ = true;
                    continue;
                }
                seen[bit] = true;
                const ResourceRule* const rule = rules_.rule(number, event_name_);
                if (rule && counts(*rule, depth)) {
                    take(value, *rule, depth);
                    continue;
                }
            }
            if (named && is_name_of(*named, name))
                take_text(value, *named);
            else if (depth < depth_max)
                descend(value, nullptr, depth);
        }
    }

    bool counts(const ResourceRule& rule, int depth) const {
        return !((rule.kind & ResourceRule::top) && depth > 0) &&
               !((rule.kind & ResourceRule::request) && !in_request_);
    }

    /// EC2 wraps values as {"tag":1,"content":...} and lists as {"item":...}.
    static bool is_name_of(const ResourceRule& rule, std::string_view name) {
        if (rule.kind & ResourceRule::arn) return name == "arn" || name == "aRN" || name == "Arn" || name == "ARN";
        return name == "content" || name == "item";
    }

    void take(dom::element value, const ResourceRule& rule, int depth) {
        if (rule.kind & ResourceRule::skip) return;
        if (value.is_string()) {
            if (rule.kind & ResourceRule::value) take_text(value, rule);
        } else if (depth < depth_max) {
            descend(value, &rule, depth);
        }
    }

    void take_text(dom::element value, const ResourceRule& rule) {
        const auto name = text_of(value);
        if (rule.type == type_by_id)
            out_.add(resource_type_of_id(name), name);
        else if (rule.type == type_by_arn)
            out_.add(resource_type_of_arn(name), name);
        else
            out_.add(rule.type, name);
    }

    void descend(dom::element value, const ResourceRule* named, int depth) {
        dom::object object;
        dom::array array;
        if (!value.get_object().get(object)) {
            walk(object, named, depth + 1);
        } else if (!value.get_array().get(array)) {
            for (const dom::element item : array) {
                if (named && item.is_string() && (named->kind & ResourceRule::value))
                    take_text(item, *named);
                else if (depth < depth_max)
                    descend(item, named, depth + 1);
            }
        }
    }

    const ServiceRules& rules_;
    std::string_view event_name_;
    ResourceList& out_;
    bool in_request_ = true;
    bool repeated_ = false;
};

}  // namespace

struct RecordParser::State {
    explicit State(RecordLimits given) : limits(given) {
        // A DEPTH_ERROR leads to the exact check, so the fast parser may be a little stricter, never laxer.
        fast_ok = !fast.allocate(capacity, std::max<std::size_t>(limits.depth_max, 1));
    }

    Result<const EventView*> parse(std::string_view text);
    Result<dom::element> checked(std::string_view raw);
    Result<dom::element> checked_slowly(std::string_view raw);

    Result<void> find_members(dom::object object, const Slots& slots, Others& others);
    Result<void> fill(Others& others);
    Result<void> fill_inner(const dom::element* inner, Member member, Others& others);
    Result<void> fill_time(const Others& others);
    Result<void> fill_identity(dom::element identity);
    void fill_session(dom::element session);
    void fill_mfa(const Others& others);
    void fill_record_resources(dom::element list);
    void derive_resources(const Others& others);
    Result<void> check_required() const;
    void make_event_id();

    template <class Use>
    void each_once(dom::object object, Use&& use);

    static constexpr std::size_t capacity = 16 * 1024;

    RecordLimits limits;
    dom::parser fast, slow;
    bool fast_ok = false;
    std::vector<JsonOddity> oddities;
    std::string patched;  ///< what the slow way made of the record for the parser
    std::array<char, 36> made_id{};
    ResourceList resources;
    std::vector<Resource> record_resources;
    std::string_view details_user;  ///< userIdentity.details.userName of an activity record
    EventView view;
    MoreTexts more;
    const Slots slots = slots_of(view, more);
};

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(space);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

}  // namespace

/// Members of a small object by name, each the first time it comes.
template <class Use>
void RecordParser::State::each_once(dom::object object, Use&& use) {
    std::uint32_t seen = 0;
    for (const auto [name, value] : object) {
        const std::uint32_t bit = use(name, value, seen);
        if (seen & bit) view.flags |= flag_duplicate_member;
        seen |= bit;
    }
}

Result<dom::element> RecordParser::State::checked(std::string_view raw) {
    dom::element root;
    if (fast_ok && !fast.parse(raw.data(), raw.size(), false).get(root)) return root;
    return checked_slowly(raw);
}

/// What the fast parser refuses may still be RFC 8259. It then gets a copy in which numbers that it cannot hold are 0
/// and unpaired surrogates are U+FFFD; the record itself stays as it is.
Result<dom::element> RecordParser::State::checked_slowly(std::string_view raw) {
    oddities.clear();
    if (auto ok = check_json(raw, limits.depth_max, oddities); !ok) return fail(std::move(ok).error());
    patched.assign(raw);
    for (const JsonOddity& oddity : oddities) {
        const auto begin = patched.begin() + oddity.begin;
        const auto end = patched.begin() + oddity.end;
        if (oddity.kind == JsonOddity::Kind::big_number) {
            std::fill(begin, end, ' ');
            *begin = '0';
            view.flags |= flag_big_number;
        } else {
            std::ranges::copy(std::string_view("\\ufffd"), begin);
            view.flags |= flag_lone_surrogate;
        }
    }
    const std::size_t size = patched.size();
    patched.append(padding, ' ');
    dom::element root;
    auto error = slow.allocate(size + 1, limits.depth_max + 2);
    if (!error) error = slow.parse(patched.data(), size, false).get(root);
    if (error) return fail(Code::invalid, fmt::format("not valid JSON: {}", simdjson::error_message(error)));
    return root;
}

Result<const EventView*> RecordParser::State::parse(std::string_view text) {
    view = EventView{};
    more = MoreTexts{};
    resources.clear();
    record_resources.clear();
    details_user = {};
    view.raw = trimmed(text);
    if (view.raw.empty()) return fail(Code::invalid, "the record is empty");
    if (view.raw.size() > limits.bytes_max)
        return fail(Code::invalid,
                    fmt::format("the record has {} bytes, more than {}", view.raw.size(), limits.bytes_max));
    auto root = checked(view.raw);
    if (!root) return fail(std::move(root).error());
    dom::object object;
    if (root->get_object().get(object))
        return fail(Code::invalid, fmt::format("the record is {}, not an object", type_name(*root)));
    Others others;
    CAIRN_TRY(find_members(object, slots, others));
    CAIRN_TRY(fill(others));
    return &view;
}

Result<void> RecordParser::State::find_members(dom::object object, const Slots& slots, Others& others) {
    static const NameMap& map = members();
    std::uint64_t seen = 0;
    for (const auto [name, value] : object) {
        const int number = map.find(name);
        if (number == NameMap::none) continue;
        const auto member = static_cast<Member>(number);
        if (seen >> member & 1) {
            view.flags |= flag_duplicate_member;
            continue;
        }
        seen |= std::uint64_t{1} << member;
        if (member >= text_members) {
            if (!value.is_null()) others.put(member, value);
        } else if (value.get_string().get(*slots[member])) {
            *slots[member] = {};
            if (member >= first_essential && !value.is_null())
                return fail(Code::invalid, fmt::format("{} is {}, not a string", name, type_name(value)));
        }
    }
    return {};
}

Result<void> RecordParser::State::fill(Others& others) {
    if (const auto* value = others.find(read_only))
        if (const auto read = boolean_of(*value)) view.read_only = *read ? ReadOnly::yes : ReadOnly::no;
    if (const auto* value = others.find(management_event)) view.management_event = boolean_of(*value);
    if (const auto* value = others.find(session_from_console))
        view.session_from_console = boolean_of(*value).value_or(false);
    view.category = category_of(view);

    const auto prefer = [](std::string_view& shown, std::string_view other) {
        if (shown.empty()) shown = other;
    };
    if (view.category == Category::aggregated) {
        prefer(view.event_id, more.aggregated_id);
        prefer(view.account, more.account_id);
    } else if (view.category == Category::insight) {
        prefer(view.event_source, more.insight_source);
        prefer(view.event_name, more.insight_name);
        prefer(view.error_code, more.insight_error);
        if (const auto* details = others.find(insight_details)) CAIRN_TRY(fill_inner(details, insight_details, others));
    } else if (view.category == Category::activity) {
        CAIRN_TRY(fill_inner(others.find(event_data), event_data, others));
    }
    CAIRN_TRY(fill_time(others));
    if (const auto* identity = others.find(user_identity)) CAIRN_TRY(fill_identity(*identity));
    prefer(view.account, view.identity_account);
    fill_mfa(others);
    view.username = username_of(view, details_user);
    CAIRN_TRY(check_required());
    if (view.event_id.empty()) make_event_id();
    if (const auto* list = others.find(Member::resources)) fill_record_resources(*list);
    derive_resources(others);
    return {};
}

/// Fills what is still empty from insightDetails or eventData, which hold the members of the call they speak of.
Result<void> RecordParser::State::fill_inner(const dom::element* inner, Member member, Others& others) {
    dom::object object;
    if (!inner || inner->get_object().get(object))
        return fail(Code::invalid, inner
                                       ? fmt::format("{} is {}, not an object", member_names[member], type_name(*inner))
                                       : fmt::format("{} is missing", member_names[member]));
    EventView inner_view;
    MoreTexts inner_more;
    Others inner_others;
    CAIRN_TRY(find_members(object, slots_of(inner_view, inner_more), inner_others));
    for (const auto text :
         {&EventView::event_source, &EventView::event_name, &EventView::error_code, &EventView::error_message,
          &EventView::source_ip, &EventView::user_agent, &EventView::account, &EventView::insight_type})
        if ((view.*text).empty()) view.*text = inner_view.*text;
    if (more.time.empty()) more.time = inner_more.time;
    if (!others.find(user_identity))
        if (const auto* identity = inner_others.find(user_identity)) others.put(user_identity, *identity);
    return {};
}

Result<void> RecordParser::State::fill_time(const Others& others) {
    auto text = more.time;
    if (view.category == Category::aggregated && text.empty()) {
        const auto* const window = others.find(time_window);
        dom::element start;
        if (!window || window->at_key("windowStart").get(start) || start.get_string().get(text))
            return fail(Code::invalid, "timeWindow.windowStart is missing");
    }
    if (text.empty()) return fail(Code::invalid, "eventTime is missing");
    const auto time = record_time(text, view.category);
    if (!time) return fail(Code::invalid, fmt::format("eventTime is no time: \"{}\"", for_message(text)));
    view.time = *time;
    return {};
}

Result<void> RecordParser::State::fill_identity(dom::element identity) {
    dom::object object;
    if (identity.get_object().get(object))
        return fail(Code::invalid, fmt::format("userIdentity is {}, not an object", type_name(identity)));
    static const NameMap& map = identity_members();
    each_once(object, [&](std::string_view name, dom::element value, std::uint32_t seen) -> std::uint32_t {
        const int member = map.find(name);
        if (member == NameMap::none) return 0;
        const std::uint32_t bit = 1u << member;
        if (seen & bit) return bit;
        switch (member) {
            case identity_type: view.identity_type = text_of(value); break;
            case identity_principal: view.principal_id = text_of(value); break;
            case identity_arn: view.arn = text_of(value); break;
            case identity_account: view.identity_account = text_of(value); break;
            case identity_key: view.access_key_id = text_of(value); break;
            case identity_user: view.user_name = text_of(value); break;
            case identity_invoker: view.invoked_by = text_of(value); break;
            case identity_session: fill_session(value); break;
            case identity_details: {
                dom::element user;
                if (view.category == Category::activity && !value.at_key("userName").get(user))
                    details_user = text_of(user);
            }
        }
        return bit;
    });
    return {};
}

void RecordParser::State::fill_session(dom::element session) {
    dom::object object;
    if (session.get_object().get(object)) return;
    const auto inner = [&](dom::element value, auto&& use) {
        dom::object members;
        if (!value.get_object().get(members)) each_once(members, use);
    };
    const auto issuer = [&](std::string_view name, dom::element value, std::uint32_t seen) -> std::uint32_t {
        if (name == "arn") {
            if (!(seen & 1)) view.session_issuer_arn = text_of(value);
            return 1;
        }
        if (name != "userName") return 0;
        if (!(seen & 2)) view.session_issuer_name = text_of(value);
        return 2;
    };
    const auto attribute = [&](std::string_view name, dom::element value, std::uint32_t seen) -> std::uint32_t {
        if (name != "mfaAuthenticated") return 0;
        if (const auto used = boolean_of(value); used && !(seen & 1)) view.mfa_authenticated = *used ? "true" : "false";
        return 1;
    };
    each_once(object, [&](std::string_view name, dom::element value, std::uint32_t seen) -> std::uint32_t {
        if (name == "sessionIssuer") {
            if (!(seen & 1)) inner(value, issuer);
            return 1;
        }
        if (name != "attributes") return 0;
        if (!(seen & 2)) inner(value, attribute);
        return 2;
    });
}

/// A console sign-in says it beside the identity.
void RecordParser::State::fill_mfa(const Others& others) {
    const auto* const data = others.find(additional_data);
    if (!view.mfa_authenticated.empty() || !data || !view.event_source.starts_with("signin.")) return;
    dom::element used;
    if (data->at_key("MFAUsed").get(used)) return;
    const auto text = text_of(used);
    if (text == "Yes") view.mfa_authenticated = "true";
    if (text == "No") view.mfa_authenticated = "false";
}

void RecordParser::State::fill_record_resources(dom::element list) {
    dom::array array;
    if (list.get_array().get(array)) return;
    for (const dom::element item : array) {
        dom::object object;
        if (item.get_object().get(object)) continue;
        Resource resource;
        std::string_view prefix;
        each_once(object, [&](std::string_view name, dom::element value, std::uint32_t seen) -> std::uint32_t {
            const std::uint32_t bit = name == "type"                   ? 1
                                      : name == "ARN" || name == "arn" ? 2
                                      : name == "ARNPrefix"            ? 4
                                                                       : 0;
            if (seen & bit) return bit;
            if (bit == 1) resource.type = text_of(value);
            if (bit == 2) resource.name = text_of(value);
            if (bit == 4) prefix = text_of(value);
            return bit;
        });
        const bool named = !resource.name.empty();
        // A data event's call speaks of its object only here.
        if (named && (view.category == Category::data || view.category == Category::network_activity))
            resources.add(resource.type.empty() ? resource_type_of_arn(resource.name) : resource.type, resource.name);
        if (!named) resource.name = prefix;
        if (!resource.type.empty() || !resource.name.empty()) record_resources.push_back(resource);
    }
    view.record_resources = record_resources;
}

void RecordParser::State::derive_resources(const Others& others) {
    if (view.category == Category::management || view.category == Category::data ||
        view.category == Category::network_activity) {
        if (const auto& rules = resource_rules(view.event_source); rules.covers(view.event_name)) {
            ResourceWalk walk(rules, view.event_name, resources);
            if (const auto* parameters = others.find(request_parameters)) walk.request(*parameters);
            if (const auto* elements = others.find(response_elements)) walk.response(*elements);
            if (walk.repeated()) view.flags |= flag_duplicate_member;
        }
    }
    view.resources = resources.entries();
}

Result<void> RecordParser::State::check_required() const {
    const bool call =
        view.category != Category::insight && view.category != Category::aggregated && view.category != Category::other;
    if (view.event_source.empty() && call) return fail(Code::invalid, "eventSource is missing");
    if (view.event_name.empty() && call) return fail(Code::invalid, "eventName is missing");
    if (view.category == Category::aggregated && view.account.empty())
        return fail(Code::invalid, "accountId is missing");
    // These three stand in every index and scope: whatever is longer is none.
    if (view.account.size() > name_bytes_max) return fail(Code::invalid, "recipientAccountId is too long");
    if (view.region.size() > name_bytes_max) return fail(Code::invalid, "awsRegion is too long");
    if (view.event_id.size() > name_bytes_max) return fail(Code::invalid, "eventID is too long");
    return {};
}

void RecordParser::State::make_event_id() {
    view.flags |= flag_no_event_id;
    const auto id = format_uuid(named_uuid("cairn record without eventID", canonical_record(view.raw)));
    id.copy(made_id.data(), made_id.size());
    view.event_id = {made_id.data(), made_id.size()};
}

RecordParser::RecordParser(RecordLimits limits) : state_(std::make_unique<State>(limits)) {}
RecordParser::~RecordParser() = default;
RecordParser::RecordParser(RecordParser&&) noexcept = default;
RecordParser& RecordParser::operator=(RecordParser&&) noexcept = default;

Result<const EventView*> RecordParser::parse(std::string_view text) {
    static_assert(padding >= simdjson::SIMDJSON_PADDING);
    try {
        return state_->parse(text);
    } catch (const simdjson::simdjson_error& error) {
        return fail(Code::internal, error.what());
    }
}

}  // namespace cairn
