#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "wire/call_answer.h"
#include "wire/call_failure.h"
#include "wire/classify.h"

namespace cairn::wire {

/// What was seen of a call, and what was made of it. The views and references must outlive the writing.
struct ObservedCall {
    const CallHead& head;
    const Classified& call;
    const CallAnswer& answer;
    const Json& request_parameters;  ///< request_parameters()
    bool parameters_incomplete;      ///< they lack what stood in a body that was not kept
    const Json& resources_of;        ///< request_parameters, with what stands in them for another name resolved
    const Json& response_elements;   ///< response_elements()
    CallFailure failure;             ///< call_failure(), or what is said of a call without an answer
    std::uint64_t request_bytes = 0, response_bytes = 0;  ///< of the bodies as they were sent
    Time ended{};
    std::string_view peer_address;
    bool tls = false;
    std::string_view tls_version, tls_cipher;
    bool outcome_unknown = false;  ///< who saw it ended before the call did: `answer` and the counts say nothing
};

/// Whose call it is.
struct RecordedCaller {
    std::string_view user_identity;  ///< JSON
    std::string_view account;        ///< recipientAccountId
    std::string_view region;         ///< of calls that name none
    bool refused = false;            ///< the server did not accept the signature: the key is only claimed
};

/// The record of a call as CloudTrail has it: one line of JSON. Of headers and query it takes what records show of
/// them; no signature, token or key. A refused call to S3 becomes the authentication failure that S3 records ("Amazon
/// S3 CloudTrail events" of the S3 user guide).
std::string call_record(const ObservedCall& seen, const RecordedCaller& caller, std::string_view event_id);

/// What S3 itself records of each object that a DeleteObjects deleted: the event of a service, with the ids of the
/// call.
std::string deleted_object_record(const ObservedCall& seen, const RecordedCaller& caller, std::string_view key,
                                  std::string_view event_id);

}  // namespace cairn::wire
