#pragma once

#include <optional>
#include <string_view>

#include "net/http.h"
#include "seam/object_store.h"

namespace cairn::api {

/// How a GET or HEAD reads an object. Pure.

/// The part that a Range header asks for (RFC 9110 section 14.1.2). Empty for anything but one range of bytes: the
/// whole is answered then.
std::optional<ObjectRange> read_range(std::string_view header);

/// What the conditions of a request say of an object (RFC 9110 section 13.2.2).
enum class Precondition { holds, not_modified, failed };
Precondition check_preconditions(const net::Request& request, const ObjectInfo& info);

/// Whether If-Range lets a Range count; without the header it does.
bool range_counts(const net::Request& request, const ObjectInfo& info);

}  // namespace cairn::api
