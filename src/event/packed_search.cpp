#include "event/packed_search.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "event/find_bytes.h"
#include "event/uuid_packing.h"

namespace cairn {

namespace {

bool holds_uuid(std::string_view uuids, const char* uuid) {
    for (std::size_t i = 0; i < uuids.size(); i += uuid_packed_size)
        if (std::memcmp(uuids.data() + i, uuid, uuid_packed_size) == 0) return true;
    return false;
}

/// Terms with UUIDs inside are sought packed; `term` holds a marker for each.
bool found_packed(std::string_view packed, std::string_view uuids, std::string_view term, std::string_view term_uuids) {
    for (std::size_t i = 0; i < term_uuids.size(); i += uuid_packed_size)
        if (!holds_uuid(uuids, term_uuids.data() + i)) return false;
    return contains_bytes(packed, term);
}

bool found_inside_uuid(std::string_view uuids, std::string_view term) {
    if (term.size() > uuid_text_size) return false;
    char text[uuid_text_size];
    for (std::size_t i = 0; i < uuids.size(); i += uuid_packed_size) {
        write_uuid(uuids.data() + i, text);
        if (contains_bytes({text, sizeof text}, term)) return true;
    }
    return false;
}

/// Whether `term` may begin or end inside a packed UUID and go on beyond it: told by the bytes beside the markers.
bool may_cross_an_edge(std::string_view packed, std::string_view term) {
    const auto outside = [](char c) { return !is_uuid_byte(c); };
    const auto leading = static_cast<std::size_t>(std::ranges::find_if(term, outside) - term.begin());
    const auto trailing = static_cast<std::size_t>(std::find_if(term.rbegin(), term.rend(), outside) - term.rbegin());
    if (leading == 0 && trailing == 0) return false;

    std::array<bool, 256> after{}, before{};
    for (std::size_t i = 1; i <= leading && i < term.size(); ++i) after[static_cast<unsigned char>(term[i])] = true;
    for (std::size_t i = std::max<std::size_t>(term.size() - trailing, 1); i < term.size(); ++i)
        before[static_cast<unsigned char>(term[i - 1])] = true;

    for (auto at = packed.find(uuid_marker); at != std::string_view::npos; at = packed.find(uuid_marker, at + 1)) {
        if (at + 1 < packed.size() && after[static_cast<unsigned char>(packed[at + 1])]) return true;
        if (at > 0 && before[static_cast<unsigned char>(packed[at - 1])]) return true;
    }
    return false;
}

bool found_restored(std::string_view packed, std::string_view uuids, std::string_view term) {
    thread_local std::string text;
    const std::size_t size = packed.size() + uuids.size() / uuid_packed_size * (uuid_text_size - 1);
    text.resize_and_overwrite(size, [&](char* data, std::size_t) {
        return restore_uuids(packed, uuids, data) ? size : 0;
    });
    return contains_bytes(text, term);
}

}  // namespace

bool packed_text_may_contain(std::string_view packed, std::string_view uuids, std::string_view term) {
    thread_local std::string inner, inner_uuids;
    inner.clear();
    inner_uuids.clear();
    if (term.find(uuid_marker) == std::string_view::npos) pack_inner_uuids(term, inner, inner_uuids);
    else return false;

    if (found_packed(packed, uuids, inner, inner_uuids)) return true;
    if (std::ranges::all_of(term, is_uuid_byte) && found_inside_uuid(uuids, term)) return true;
    return may_cross_an_edge(packed, inner) && found_restored(packed, uuids, term);
}

}  // namespace cairn
