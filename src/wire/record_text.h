#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace cairn::wire {

/// What a CloudTrail record is written from. Texts are as they were seen: whatever bytes they have, they come out as
/// valid UTF-8, and of those over 1 KB the beginning. JSON is finished text. The views must outlive the writing.
struct RecordParts {
    std::string_view user_identity = "{}";  ///< JSON
    Time time{};                            ///< whole seconds are written
    std::string_view event_source, event_name, region, source_address;
    std::string_view user_agent, error_code, error_message;  ///< left out when empty
    std::string_view request_parameters = "null";            ///< JSON
    std::string_view response_elements = "null";             ///< JSON
    std::string_view additional_event_data;                  ///< JSON; left out when empty
    std::string_view request_id;                             ///< left out when empty
    std::string_view event_id;
    bool read_only = false;
    std::string_view resources;  ///< JSON; left out when empty
    std::string_view event_type = "AwsApiCall";
    std::string_view api_version;  ///< left out when empty
    bool data_event = false;       ///< else a management event
    std::string_view account;      ///< recipientAccountId
    std::string_view addendum;     ///< JSON; left out when empty
    std::string_view tls_details;  ///< JSON; left out when empty
};

/// What stands in the place of content that is too long for a record: it is left out, not cut.
inline constexpr std::string_view omitted_content = R"({"omitted":true})";

inline constexpr std::size_t record_parameters_bytes_max = 100'000, record_additional_bytes_max = 28'000;

/// The record: one line of JSON, its members in CloudTrail's order ("CloudTrail record contents" of the CloudTrail user
/// guide, also for the limits), at most 256 KB.
std::string record_text(const RecordParts& parts);

/// One JSON object, written member by member.
class ObjectText {
public:
    explicit ObjectText(std::string& out) : out_(out) { out_.push_back('{'); }

    ObjectText& raw(std::string_view name, std::string_view json);
    ObjectText& text(std::string_view name, std::string_view value);  ///< as texts of RecordParts
    ObjectText& flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
    ObjectText& number(std::string_view name, std::uint64_t value);
    void end() { out_.push_back('}'); }

private:
    void begin(std::string_view name);

    std::string& out_;
    bool first_ = true;
};

}  // namespace cairn::wire
