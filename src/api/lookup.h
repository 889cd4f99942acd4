#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "api/parts.h"
#include "base/json.h"
#include "wire/errors.h"

namespace cairn::api {

/// What a LookupEvents call asks for, checked.
struct Lookup {
    std::string attribute_key, attribute_value;  ///< both empty without attribute
    std::optional<Time> start, end;              ///< inclusive
    bool insight = false;
    std::size_t limit = 50;
    std::string token;  ///< as the caller sent it
};

/// Checks what wire::Model::read() made of the request, with the errors of the operation (CloudTrail API reference,
/// "LookupEvents").
std::expected<Lookup, wire::ApiError> read_lookup(const Json& input);

/// A moment that a request names; empty when it names none. Error: InvalidTimeRangeException.
std::expected<std::optional<Time>, wire::ApiError> read_time(const Json& input, std::string_view name);

/// A page token of LookupEvents: that of history, bound to the account, region and parameters it was given for, so that
/// it cannot go on in another search. MaxResults may change. Opaque to callers; not secret.
struct LookupToken {
    std::string history;
    std::optional<Time> window_start;  ///< where the time window began when the first page was asked for
};
std::string encode_lookup_token(const LookupToken& token, const Lookup& lookup, std::string_view account,
                                std::string_view region);
/// Empty when the token is none of ours, damaged, or of another search.
std::optional<LookupToken> decode_lookup_token(std::string_view text, const Lookup& lookup, std::string_view account,
                                               std::string_view region);

/// The answer to LookupEvents as JSON text, within one account and region. Blocks while history reads.
std::expected<std::string, wire::ApiError> lookup_events(const Parts& parts, const Settings& settings,
                                                         const Lookup& lookup, std::string_view account,
                                                         std::string_view region);

/// The error of the AWS protocols for a failure inside; logs what callers shall not see.
wire::ApiError inner_error(const Error& error, std::string_view doing);

}  // namespace cairn::api
