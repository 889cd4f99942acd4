#include "api/ingest_format.h"

#include <utility>

#include "base/json.h"
#include "event/record.h"

namespace cairn::api {

std::string audit_log_evidence(auditlog::Format format, const auditlog::Home& home) {
    const auto name = format == auditlog::Format::minio_audit ? "minio-audit " : "ceph-ops ";
    return to_text(JsonObject{{"upstream", name + home.account}});
}

TranslatedBody translate(auditlog::Format format, const ingest::Sliced& entries, const auditlog::Home& home) {
    struct Place {
        std::size_t begin, size;
        std::uint64_t line;
        std::string problem;
    };
    std::vector<Place> places;
    std::string text;
    for (const auto& entry : entries.slices) {
        if (!entry.problem.empty()) {
            places.push_back({0, 0, entry.line, entry.problem});
            continue;
        }
        const auto records = auditlog::records_of(format, entry.text, home);
        if (!records) {
            places.push_back({0, 0, entry.line, records.error().message});
            continue;
        }
        for (const auto& record : *records) {
            places.push_back({text.size(), record.size(), entry.line, {}});
            text.append(record).push_back('\n');
        }
    }
    text.reserve(text.size() + RecordParser::padding);

    TranslatedBody out;
    out.text = std::make_shared<const std::string>(std::move(text));
    out.sliced.container = ingest::Container::ndjson;
    for (auto& place : places)
        out.sliced.slices.push_back(
            {std::string_view(*out.text).substr(place.begin, place.size), place.line, std::move(place.problem)});
    return out;
}

}  // namespace cairn::api
