#pragma once

#include <string_view>

#include "base/json.h"
#include "wire/call_answer.h"
#include "wire/classify.h"
#include "wire/xml_tree.h"

namespace cairn::wire {

/// The parts of answered_members(), by protocol. Each is an object; members are in it under the names that records have
/// for them, and no secret is.

/// rest-json and rest-xml: status, headers, and the body, which `content` is.
Json rest_members(const Classified& call, const CallAnswer& answer, std::string_view content);

/// S3's writes of objects: the headers that records show.
Json s3_write_members(const CallAnswer& answer);

/// EC2: the XML itself with "items" for calls of the API until 2014; "NAMEResponse" with its namespace around those
/// that came later.
Json ec2_members(OperationFacts operation, const XmlElement& root);

}  // namespace cairn::wire
