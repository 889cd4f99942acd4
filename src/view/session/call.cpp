#include "view/session/call.h"

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "view/session/facts.h"

namespace cairn::session {

namespace {

constexpr std::array texts = {&Call::event_source, &Call::event_name,    &Call::account,    &Call::event_id,
                              &Call::error_code,   &Call::error_message, &Call::key_id,     &Call::identity_type,
                              &Call::arn,          &Call::identity,      &Call::parameters, &Call::elements,
                              &Call::evidence};

}  // namespace

bool is_call(Category category) {
    return category == Category::management || category == Category::data || category == Category::network_activity;
}

Call call_of(const EventView& event, bool from_trail, std::string_view evidence) {
    Call call{.event_source = event.event_source,
              .event_name = event.event_name,
              .account = event.account,
              .event_id = event.event_id,
              .error_code = event.error_code,
              .error_message = event.error_message,
              .key_id = event.access_key_id,
              .identity_type = event.identity_type,
              .arn = event.arn,
              .identity = {},
              .parameters = {},
              .elements = {},
              .evidence = evidence,
              .at = event.time,
              .from_trail = from_trail};
    // To parse all of a record would cost many times as much.
    static constexpr std::array<std::string_view, 3> names = {"userIdentity", "requestParameters", "responseElements"};
    std::array<std::string_view, 3> values;
    const std::size_t wanted = tells_more(event.event_source, event.event_name, event.error_code) ? 3 : 1;
    find_members(event.raw, std::span(names).first(wanted), std::span(values).first(wanted));
    call.identity = values[0];
    call.parameters = values[1];
    call.elements = values[2];
    return call;
}

std::string pack(const Call& call) {
    std::size_t bytes = 1;
    for (const auto text : texts) bytes += sizeof(std::uint32_t) + (call.*text).size();
    std::string packed;
    packed.reserve(bytes);
    packed.push_back(call.from_trail ? 1 : 0);
    for (const auto text : texts) append(packed, static_cast<std::uint32_t>((call.*text).size()));
    for (const auto text : texts) packed.append(call.*text);
    return packed;
}

Call unpack(std::string_view packed, Time at) {
    Call call;
    call.at = at;
    call.from_trail = packed.front() != 0;
    auto sizes = packed.substr(1);
    auto rest = sizes.substr(texts.size() * sizeof(std::uint32_t));
    for (const auto text : texts) {
        const auto size = load<std::uint32_t>(sizes.data());
        sizes.remove_prefix(sizeof(size));
        call.*text = rest.substr(0, size);
        rest.remove_prefix(size);
    }
    return call;
}

}  // namespace cairn::session
