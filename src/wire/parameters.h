#pragma once

#include "base/json.h"
#include "wire/classify.h"
#include "wire/renderer.h"
#include "wire/request_body.h"

namespace cairn::wire {

/// The parts of request_parameters(), by protocol.

/// rest-json and rest-xml: labels of the path, query, headers and body. An object.
Json rest_parameters(const CallHead& call, const Classified& classified, const RequestBody& body);

/// S3: bucket, key, query and headers under their own names, an XML body under its root. An object.
Json s3_parameters(const CallHead& call, const Classified& classified, const RequestBody& body);

/// EC2: item sets for the calls of the API until 2014, "NAMERequest" around those that came later.
Json ec2_parameters(OperationFacts operation, const FormNode& form);

/// DynamoDB's data calls: tables, keys and expressions without the values of other attributes. `request` is the JSON
/// body.
Json dynamodb_parameters(OperationFacts operation, const Json& request, const KeySchema& key_schema);

}  // namespace cairn::wire
