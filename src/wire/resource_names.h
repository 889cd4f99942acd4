#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "wire/call_place.h"

namespace cairn::wire {

/// Names of resources, as calls have them, and their ARNs (AWS General Reference, "Amazon Resource Names").

/// "aws", "aws-cn", "aws-us-gov", "aws-iso" and so on.
std::string_view partition_of(std::string_view region);

/// "arn:PARTITION:SERVICE:REGION:ACCOUNT:REST".
std::string make_arn(std::string_view service, const CallPlace& place, std::string_view rest);

bool is_arn(std::string_view text);

/// Twelve digits.
bool is_account(std::string_view text);

/// The account in an ARN; empty if it has none.
std::string_view arn_account(std::string_view arn);

/// Of a Lambda function: its name, "ACCOUNT:function:NAME" or its ARN, with or without a qualifier, which is left out.
/// Empty for no name.
std::string function_arn(std::string_view function, const CallPlace& place);

/// The table that a statement of PartiQL is about; empty if it does not say.
std::string_view table_of_statement(std::string_view statement);

/// The ARN of what a data event of that type is about: made from a name in `request`, or the first ARN there. Empty if
/// there is neither.
std::string named_arn(std::string_view type, const Json& request, const CallPlace& place);

}  // namespace cairn::wire
