#include "event/packed_search.h"

#include <algorithm>
#include <cstring>

#include "event/uuid_packing.h"

namespace cairn {

namespace {

struct PackedText {
    std::string text, uuids;
};

PackedText pack_inner(std::string_view term) {
    PackedText packed;
    if (term.find(uuid_marker) == std::string_view::npos) pack_inner_uuids(term, packed.text, packed.uuids);
    return packed;
}

/// Whether the term holds something that looks like a UUID: dashes as in one.
bool has_uuid_dashes(std::string_view term) {
    for (std::size_t i = 0; i + 15 < term.size(); ++i)
        if (term[i] == '-' && term[i + 5] == '-' && term[i + 10] == '-' && term[i + 15] == '-') return true;
    return false;
}

bool holds_uuid(std::string_view uuids, const char* uuid) {
    for (std::size_t i = 0; i < uuids.size(); i += uuid_packed_size)
        if (std::memcmp(uuids.data() + i, uuid, uuid_packed_size) == 0) return true;
    return false;
}

}  // namespace

PackedTerm::PackedTerm(std::string_view term, Case sensitivity) : plain_(term, sensitivity), inner_("") {
    const std::string_view sought = plain_.term();
    auto packed = pack_inner(sought);
    holds_marker_ = sought.find(uuid_marker) != std::string_view::npos;
    inner_uuids_ = std::move(packed.uuids);
    inner_ = BytesFinder(packed.text, sensitivity);
    only_restored_ = plain_.ignores_case() && sought.size() > uuid_text_size && has_uuid_dashes(sought);
    fits_a_uuid_ = sought.size() <= uuid_text_size && std::ranges::all_of(sought, is_uuid_byte);

    const std::string_view inner = inner_.term();
    const auto outside = [](char c) { return !is_uuid_byte(c); };
    const auto leading = static_cast<std::size_t>(std::ranges::find_if(inner, outside) - inner.begin());
    const auto trailing =
        static_cast<std::size_t>(std::find_if(inner.rbegin(), inner.rend(), outside) - inner.rbegin());
    has_edges_ = leading > 0 || trailing > 0;
    const auto mark = [&](std::array<bool, 256>& bytes, char byte) {
        bytes[static_cast<unsigned char>(byte)] = true;
        if (plain_.ignores_case() && byte >= 'a' && byte <= 'z')
            bytes[static_cast<unsigned char>(byte - 'a' + 'A')] = true;
    };
    for (std::size_t i = 1; i <= leading && i < inner.size(); ++i) mark(after_, inner[i]);
    for (std::size_t i = std::max<std::size_t>(inner.size() - trailing, 1); i < inner.size(); ++i)
        mark(before_, inner[i - 1]);
}

bool PackedTerm::may_be_in(std::string_view packed, std::string_view uuids) const {
    if (holds_marker_) return false;
    if (uuids.empty()) return plain_.found_in(packed);
    if (only_restored_) return found_restored(packed, uuids);
    if (found_with_uuids(packed, uuids)) return true;
    if (fits_a_uuid_ && found_inside_uuid(uuids)) return true;
    return has_edges_ && may_cross_an_edge(packed) && found_restored(packed, uuids);
}

bool PackedTerm::found_with_uuids(std::string_view packed, std::string_view uuids) const {
    for (std::size_t i = 0; i < inner_uuids_.size(); i += uuid_packed_size)
        if (!holds_uuid(uuids, inner_uuids_.data() + i)) return false;
    return inner_.found_in(packed);
}

bool PackedTerm::found_inside_uuid(std::string_view uuids) const {
    char text[uuid_text_size];
    for (std::size_t i = 0; i < uuids.size(); i += uuid_packed_size) {
        write_uuid(uuids.data() + i, text);
        if (plain_.found_in({text, sizeof text})) return true;
    }
    return false;
}

/// Whether the term may begin or end inside a packed UUID and go on beyond it: told by the bytes beside the markers.
bool PackedTerm::may_cross_an_edge(std::string_view packed) const {
    for (auto at = packed.find(uuid_marker); at != std::string_view::npos; at = packed.find(uuid_marker, at + 1)) {
        if (at + 1 < packed.size() && after_[static_cast<unsigned char>(packed[at + 1])]) return true;
        if (at > 0 && before_[static_cast<unsigned char>(packed[at - 1])]) return true;
    }
    return false;
}

bool PackedTerm::found_restored(std::string_view packed, std::string_view uuids) const {
    thread_local std::string text;
    const std::size_t size = packed.size() + uuids.size() / uuid_packed_size * (uuid_text_size - 1);
    text.resize_and_overwrite(size,
                              [&](char* data, std::size_t) { return restore_uuids(packed, uuids, data) ? size : 0; });
    return plain_.found_in(text);
}

}  // namespace cairn
