// Any search text: parsing ends, errors point into the text, and what is promised to indexes and scans holds.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "event/index_row.h"
#include "match/query.h"

using namespace cairn;

namespace {

const std::string& record() {
    static const std::string text =
        R"({"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ana","accountId":"111122223333","accessKeyId":"AKIA1","userName":"ana"},)"
        R"("eventTime":"2026-01-02T03:04:05Z","eventSource":"s3.amazonaws.com","eventName":"PutBucketAcl","awsRegion":"eu-west-1","sourceIPAddress":"10.1.2.3","userAgent":"aws-cli\/2",)"
        R"("requestParameters":{"bucketName":"b","list":[1,2.0,{"k":"v"}],"t":true,"\u0061":null},"eventID":"e","readOnly":false,"recipientAccountId":"111122223333"})" +
        std::string(RecordParser::padding, ' ');
    return text;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool holds(std::string_view raw, const match::Query::Needle& needle) {
    const auto same = [&](char one, char other) {
        return needle.ignore_case ? lower(one) == lower(other) : one == other;
    };
    return std::search(raw.begin(), raw.end(), needle.text.begin(), needle.text.end(), same) != raw.end();
}

void check_match(const match::Query& query, const EventView& view) {
    IndexBatch batch;
    batch.add(view, 1);
    for (const auto& indexed : query.indexed())
        CAIRN_CHECK(std::ranges::any_of(indexed.any_of, [&](const std::string& value) {
            const auto hash = posting_hash(indexed.attribute, value);
            return hash == batch.rows[0].id_hash || std::ranges::find(batch.postings, hash) != batch.postings.end();
        }));
    if (!query.needles().empty())
        CAIRN_CHECK(std::ranges::any_of(query.needles(), [&](const auto& needle) { return holds(view.raw, needle); }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static RecordParser parser;
    static const EventView* const view =
        *parser.parse(std::string_view(record()).substr(0, record().size() - RecordParser::padding));
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto query = match::Query::parse(text);
    if (!query) {
        CAIRN_CHECK(!query.error().message.empty() && query.error().position <= size);
        return 0;
    }
    if (query->matches(*view)) check_match(*query, *view);
    CAIRN_CHECK(!query->matches_all() || query->matches(*view));
    static_cast<void>(match::field_values(*view, text, [](std::string_view) {}));
    return 0;
}
