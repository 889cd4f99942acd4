#include "journal/manifest.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/json.h"
#include "journal/frame.h"

namespace cairn::journal {

namespace {

constexpr const char* copies[] = {"manifest.copy", "manifest"};
constexpr std::string_view magic = "cairn-log";

std::optional<RetentionClass> class_of(std::string_view name) {
    for (std::size_t i = 0; i < retention_class_count; ++i)
        if (retention_class_name(static_cast<RetentionClass>(i)) == name) return static_cast<RetentionClass>(i);
    return std::nullopt;
}

Json json_of(const ArchiveFileInfo& file) {
    Json json;
    json.set("class", retention_class_name(file.retention));
    json.set("path", file.path);
    json.set("first", file.first_number);
    json.set("end", file.end_number);
    json.set("events", file.event_count);
    json.set("blocks", file.block_count);
    json.set("bytes", file.bytes);
    json.set("day", file.day);
    json.set("newest", file.newest_ms);
    json.set("closed", file.closed);
    json.set("sha256", file.sha256);
    return json;
}

Json json_of(const Tombstone& tombstone) {
    Json json;
    json.set("class", retention_class_name(tombstone.retention));
    json.set("path", tombstone.path);
    json.set("first", tombstone.first_number);
    json.set("end", tombstone.end_number);
    json.set("events", tombstone.event_count);
    json.set("bytes", tombstone.bytes);
    json.set("sha256", tombstone.sha256);
    json.set("time", tombstone.time_ms);
    json.set("reason", tombstone.reason);
    return json;
}

Json json_of(const Finding& finding) {
    Json json;
    json.set("path", finding.path);
    json.set("offset", finding.offset);
    json.set("first", finding.first_number);
    json.set("end", finding.end_number);
    json.set("what", finding.what);
    return json;
}

template <class T>
JsonArray json_of(const std::vector<T>& items) {
    JsonArray array;
    for (const auto& item : items) array.push_back(json_of(item));
    return array;
}

/// Reads members and remembers whether one was missing or of another kind.
class Members {
public:
    explicit Members(const Json& json) : json_(json) {}

    std::uint64_t number(std::string_view name) { return static_cast<std::uint64_t>(integer(name)); }
    std::int64_t integer(std::string_view name) {
        const auto* const member = find(name);
        ok_ = ok_ && member != nullptr && member->is_integer();
        return ok_ ? member->as_integer() : 0;
    }
    std::string text(std::string_view name) {
        const auto* const member = find(name);
        ok_ = ok_ && member != nullptr && member->is_string();
        return ok_ ? member->as_string() : std::string();
    }
    bool flag(std::string_view name) {
        const auto* const member = find(name);
        ok_ = ok_ && member != nullptr && member->is_bool();
        return ok_ && member->as_bool();
    }
    RetentionClass retention() {
        const auto found = class_of(text("class"));
        ok_ = ok_ && found.has_value();
        return found.value_or(RetentionClass::management);
    }
    Chain chain(std::string_view name) {
        Chain chain{};
        const auto bytes = from_hex(text(name));
        ok_ = ok_ && bytes && bytes->size() == chain.size();
        if (ok_) std::memcpy(chain.data(), bytes->data(), chain.size());
        return chain;
    }
    const JsonArray& array(std::string_view name) {
        static const JsonArray none;
        const auto* const member = find(name);
        ok_ = ok_ && member != nullptr && member->is_array();
        return ok_ ? member->as_array() : none;
    }
    bool ok() const { return ok_; }
    void require(bool fine) { ok_ = ok_ && fine; }

private:
    const Json* find(std::string_view name) const { return json_.find(name); }

    const Json& json_;
    bool ok_ = true;
};

bool read(const Json& json, ArchiveFileInfo& file) {
    Members members(json);
    file.retention = members.retention();
    file.path = members.text("path");
    file.first_number = members.number("first");
    file.end_number = members.number("end");
    file.event_count = members.number("events");
    file.block_count = members.number("blocks");
    file.bytes = members.number("bytes");
    file.day = members.integer("day");
    file.newest_ms = members.integer("newest");
    file.closed = members.flag("closed");
    file.sha256 = members.text("sha256");
    return members.ok();
}

bool read(const Json& json, Tombstone& tombstone) {
    Members members(json);
    tombstone.retention = members.retention();
    tombstone.path = members.text("path");
    tombstone.first_number = members.number("first");
    tombstone.end_number = members.number("end");
    tombstone.event_count = members.number("events");
    tombstone.bytes = members.number("bytes");
    tombstone.sha256 = members.text("sha256");
    tombstone.time_ms = members.integer("time");
    tombstone.reason = members.text("reason");
    return members.ok();
}

bool read(const Json& json, Finding& finding) {
    Members members(json);
    finding.path = members.text("path");
    finding.offset = members.number("offset");
    finding.first_number = members.number("first");
    finding.end_number = members.number("end");
    finding.what = members.text("what");
    return members.ok();
}

template <class T>
bool read(const JsonArray& array, std::vector<T>& items) {
    return std::ranges::all_of(array, [&](const Json& json) { return read(json, items.emplace_back()); });
}

bool read(const Json& json, Manifest& manifest) {
    Members members(json);
    manifest.revision = members.number("revision");
    manifest.log_id = members.text("log");
    manifest.first_generation = members.number("firstGeneration");
    manifest.next_generation = members.number("nextGeneration");
    manifest.sealed_sequence = members.number("sealedSequence");
    manifest.sealed_number = members.number("sealedNumber");
    manifest.sealed_chain = members.chain("sealedChain");
    manifest.durable_sequence = members.number("durableSequence");
    manifest.durable_number = members.number("durableNumber");
    members.require(read(members.array("files"), manifest.files));
    members.require(read(members.array("tombstones"), manifest.tombstones));
    members.require(read(members.array("losses"), manifest.losses));
    return members.ok();
}

std::string head_line(std::string_view body) {
    return fmt::format("{} {} {:08x} {}\n", magic, format_version, crc32c(body), body.size());
}

}  // namespace

std::string encode_manifest(const Manifest& manifest) {
    Json json;
    json.set("revision", manifest.revision);
    json.set("log", manifest.log_id);
    json.set("firstGeneration", manifest.first_generation);
    json.set("nextGeneration", manifest.next_generation);
    json.set("sealedSequence", manifest.sealed_sequence);
    json.set("sealedNumber", manifest.sealed_number);
    json.set("sealedChain", to_hex(manifest.sealed_chain));
    json.set("durableSequence", manifest.durable_sequence);
    json.set("durableNumber", manifest.durable_number);
    json.set("files", json_of(manifest.files));
    json.set("tombstones", json_of(manifest.tombstones));
    json.set("losses", json_of(manifest.losses));
    const auto body = to_text(json);
    return head_line(body) + body;
}

Result<Manifest> decode_manifest(std::string_view bytes, const std::string& path) {
    const auto line_end = bytes.find('\n');
    const auto damaged = [&](const char* what) { return fail(Code::corrupt, fmt::format("{}: {}", path, what)); };
    if (line_end == std::string_view::npos || !bytes.starts_with(magic)) return damaged("no manifest header");
    const auto line = bytes.substr(0, line_end + 1);
    const auto body = bytes.substr(line_end + 1);
    const auto expected = head_line(body);
    if (line != expected) {
        // A newer version is told from damage by a line that is right but for its version.
        const auto version_at = magic.size() + 1;
        const auto tail_at = line.find(' ', version_at);
        const auto expected_tail_at = expected.find(' ', version_at);
        if (tail_at == std::string_view::npos ||
            line.substr(tail_at) != std::string_view(expected).substr(expected_tail_at))
            return damaged("damaged (checksum)");
        return fail(Code::unavailable, fmt::format("{} has format version {}, this cairn reads up to {}", path,
                                                   line.substr(version_at, tail_at - version_at), format_version));
    }
    const auto json = parse_json(body);
    Manifest manifest;
    if (!json || !read(*json, manifest)) return damaged("members are missing");
    return manifest;
}

Result<Manifest> load_manifest(Disk& disk, const std::string& folder, std::vector<Finding>& findings, bool& both) {
    std::optional<Manifest> best;
    std::optional<Error> error;
    for (const char* const name : copies) {
        const auto path = folder + "/" + name;
        const auto bytes = read_file(disk, path);
        auto manifest = bytes ? decode_manifest(*bytes, path) : Result<Manifest>(fail(bytes.error()));
        if (manifest) {
            both = best && manifest->revision == best->revision;
            if (!best || manifest->revision > best->revision) best = std::move(*manifest);
            continue;
        }
        both = false;
        if (manifest.error().code == Code::unavailable) return manifest;
        if (manifest.error().code != Code::not_found) findings.push_back({path, 0, 0, 0, manifest.error().message});
        if (!error || error->code == Code::not_found) error = manifest.error();
    }
    if (best) return std::move(*best);
    return fail(std::move(*error));
}

Result<void> store_manifest(Disk& disk, const std::string& folder, Manifest& manifest) {
    ++manifest.revision;
    const auto bytes = encode_manifest(manifest);
    for (const char* const name : copies) CAIRN_TRY(replace_file(disk, folder + "/" + name, bytes));
    return {};
}

}  // namespace cairn::journal
