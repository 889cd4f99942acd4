#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"
#include "base/time.h"

namespace cairn {

/// The audit record: one CloudTrail event as a JSON object. Source of all rules here: docs/format/record.md.

/// eventCategory, or what stands for it in records older than eventVersion 1.07. `activity` is ActivityAuditLog,
/// `other` any name this version does not know (ConfigurationItem, Evidence, ...).
enum class Category : std::uint8_t { management, data, network_activity, insight, aggregated, activity, other };
inline constexpr std::size_t category_count = 7;

/// "Management", "Data", "NetworkActivity", "Insight", "Aggregated", "ActivityAuditLog", "Other".
std::string_view category_name(Category category);

/// Events of one class are kept equally long and share archive files.
enum class RetentionClass : std::uint8_t { management, data, audit, insight };
inline constexpr std::size_t retention_class_count = 4;

/// "management", "data", "audit", "insight".
std::string_view retention_class_name(RetentionClass retention);

/// management -> management; data, network_activity, aggregated -> data; insight -> insight; activity, other -> audit.
RetentionClass retention_class(Category category);

/// What is odd about a record that is accepted all the same; bits of EventView::flags.
enum RecordFlag : std::uint32_t {
    flag_no_event_id = 1,       ///< eventID absent or empty: EventView::event_id is made from the content
    flag_duplicate_member = 2,  ///< a member that the view reads is repeated: the first value counts
    flag_big_number = 4,        ///< a number that does not fit 64 bits or a double
    flag_lone_surrogate = 8,    ///< an unpaired \ud800..\udfff escape; indexed as U+FFFD
};

enum class ReadOnly : std::uint8_t { absent, no, yes };

/// One entry of the derived resources (records.md section 8): each known name of a thing is an entry of its own.
struct Resource {
    std::string_view type;  ///< "AWS::S3::Bucket"; empty when unknown
    std::string_view name;
};

/// The fields that lookup, selectors and matching need, unescaped. Views point into the parser that made them (or
/// into the raw text) and hold until its next parse. Absent members are empty.
struct EventView {
    std::string_view raw;  ///< the record as it came, without surrounding white space
    std::string_view event_version, event_id, event_source, event_name, event_type, event_category;
    std::string_view region;  ///< awsRegion
    std::string_view
        account;  ///< recipientAccountId, else accountId of an aggregated record, else userIdentity.accountId
    std::string_view source_ip, user_agent, error_code, error_message, request_id, shared_event_id, vpc_endpoint_id;
    std::string_view identity_type, principal_id, arn, identity_account, access_key_id, user_name, invoked_by;
    std::string_view session_issuer_arn, session_issuer_name;
    std::string_view mfa_authenticated;          ///< "true", "false" or empty
    std::string_view insight_type;               ///< of an Insight event: "ApiCallRateInsight"
    std::string_view username;                   ///< derived as LookupEvents does (records.md section 8)
    std::span<const Resource> resources;         ///< derived as LookupEvents does, no repeated entries
    std::span<const Resource> record_resources;  ///< the record's own resources[]: type, and ARN or ARNPrefix
    Time time{};                                 ///< eventTime
    Category category = Category::management;
    ReadOnly read_only = ReadOnly::absent;
    std::optional<bool> management_event;
    bool session_from_console = false;  ///< sessionCredentialFromConsole is true
    std::uint32_t flags = 0;            ///< RecordFlag bits
};

struct RecordLimits {
    std::size_t bytes_max = 256 * 1024;  ///< 1 MB as a setting
    std::size_t depth_max = 128;         ///< arrays and objects inside each other
};

/// Checks whole records and shows their fields. Keeps its buffers from one record to the next: one parser per thread.
class RecordParser {
public:
    explicit RecordParser(RecordLimits limits = {});
    ~RecordParser();
    RecordParser(RecordParser&&) noexcept;
    RecordParser& operator=(RecordParser&&) noexcept;

    /// Bytes that must be readable (with any content) after the end of every text given to parse().
    static constexpr std::size_t padding = 64;

    /// Accepts one record that is valid RFC 8259 JSON in UTF-8, an object, of a CloudTrail shape from eventVersion 1.0
    /// to the newest: eventTime, eventSource and eventName are there (an Insight, aggregated or activity record has
    /// other required members), and every member this view shows has its documented type. Unknown members are fine.
    /// `text` needs `padding` readable bytes after its end; it is neither changed nor copied.
    /// Error: invalid, naming the member and what is wrong, never quoting more than 100 bytes of the record.
    Result<const EventView*> parse(std::string_view text);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Equal records by principle 5: member order and white space are ignored, number spelling is kept.
/// Both texts must have passed RecordParser::parse.
bool same_record(std::string_view one, std::string_view other);

/// The keyed hash of (recipientAccountId, eventID): what admission compares first.
std::uint64_t identity_hash(const HashKey& key, std::string_view account, std::string_view event_id);

/// One value out of a record by a path of member names and array indexes ("requestParameters", "tagSet", "0", "key").
struct PathValue {
    enum class Kind : std::uint8_t { absent, null, boolean, number, string, array, object };
    Kind kind = Kind::absent;
    std::string text;  ///< a string unescaped, everything else as written
};

/// Reads `path` from a record that has passed RecordParser::parse. A path through an array without an index tries
/// every element and takes the first that is there. Slower than EventView: for searches, not for ingest.
PathValue value_at(std::string_view record, std::span<const std::string> path);

/// Calls `use` for every value that `path` leads to, until it returns false: like value_at(), but through an array
/// without an index to all of its elements, and through the step "*" to every element or member. Of a repeated member
/// only the first counts.
void each_value_at(std::string_view record, std::span<const std::string> path,
                   const std::function<bool(const PathValue&)>& use);

/// Finds members of a record by their names, in one pass: `values` (as many as `names`) become their text as written,
/// or empty. Of a repeated member only the first counts.
void find_members(std::string_view record, std::span<const std::string_view> names, std::span<std::string_view> values);

}  // namespace cairn
