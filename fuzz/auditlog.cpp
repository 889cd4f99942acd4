// An entry of an audit log: a first byte that says which format, then the entry. Signatures are planted where such an
// entry has them. Whatever comes, the records are accepted by the parser that all records pass, and no signature is in
// them or in what is said of an entry that is refused.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "auditlog/auditlog.h"
#include "base/check.h"
#include "base/json.h"
#include "event/record.h"

namespace {

using namespace cairn;
using namespace cairn::auditlog;

constexpr std::string_view marker = "Signature=", canary = "c0ffee5ec2e7";

Json member(const Json& object, std::string_view name) {
    const auto* found = object.find(name);
    return found && found->is_object() ? *found : Json(JsonObject{});
}

void plant_in_minio_entry(Json& entry) {
    auto headers = member(entry, "requestHeader"), query = member(entry, "requestQuery");
    const auto said = headers.text("Authorization");
    const bool has_marker = said.find(marker) != std::string_view::npos;
    auto authorization = std::string(said.substr(0, said.find(marker)));
    authorization.append(has_marker ? "" : ", ").append(marker).append(canary);
    headers.set("Authorization", authorization);
    headers.set("X-Amz-Security-Token", canary);
    headers.set("X-Amz-Server-Side-Encryption-Customer-Key", canary);
    query.set("X-Amz-Signature", canary);
    entry.set("requestHeader", headers);
    entry.set("requestQuery", query);
}

void plant_in_ceph_entry(Json& entry) {
    auto line = std::string(entry.text("uri"));
    const auto end = std::min(line.rfind(" HTTP/"), line.size());
    const auto target = std::min(line.find(' '), end);
    const bool has_query = line.substr(target, end - target).find('?') != std::string::npos;
    line.insert(end, (has_query ? "&X-Amz-" : "?X-Amz-") + std::string(marker) + std::string(canary));
    entry.set("uri", line);
}

void check(Format format, std::string_view entry) {
    static const Home home{"111122223333", "eu-west-1"};
    static RecordParser parser;
    const auto records = records_of(format, entry, home);
    if (!records) {
        CAIRN_CHECK(records.error().message.find(canary) == std::string::npos);
        return;
    }
    for (auto text : *records) {
        CAIRN_CHECK(text.find(canary) == std::string::npos && text.find('\n') == std::string::npos);
        text.reserve(text.size() + RecordParser::padding);
        CAIRN_CHECK(parser.parse(text).has_value());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 8192) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (bytes.find(canary) != std::string_view::npos) return 0;
    const auto format = data[0] % 2 == 0 ? Format::minio_audit : Format::ceph_ops;
    auto entry = parse_json(bytes);
    if (!entry || !entry->is_object()) {
        CAIRN_CHECK(!records_of(format, bytes, {}));
        return 0;
    }
    if (format == Format::minio_audit)
        plant_in_minio_entry(*entry);
    else
        plant_in_ceph_entry(*entry);
    check(format, to_text(*entry));
    return 0;
}
