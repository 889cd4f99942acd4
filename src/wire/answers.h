#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "net/http.h"
#include "wire/errors.h"
#include "wire/model.h"

namespace cairn::wire {

/// A success of the awsJson1.1 or restJson protocol; `body` is finished JSON text.
net::Response json_answer(Protocol protocol, std::string body, std::string_view request_id);

/// A success of `operation` in the awsQuery protocol: XML.
net::Response query_answer(const Model& model, const Operation& operation, const Json& output,
                           std::string_view request_id);

/// An error in the protocol of the caller: its message may hold what the caller sent, and becomes valid UTF-8. `model`
/// gives the namespace of awsQuery answers and may be null.
net::Response error_answer(Protocol protocol, const ApiError& error, std::string_view request_id,
                           const Model* model = nullptr);

/// The operation that X-Amz-Target names: what stands after the last dot, when the part before ends in `target_prefix`
/// (clients send it with and without a namespace). Empty otherwise.
std::string_view target_operation(std::string_view target, std::string_view target_prefix);

}  // namespace cairn::wire
