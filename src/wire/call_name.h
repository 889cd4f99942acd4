#pragma once

#include <string>
#include <string_view>

namespace cairn::wire {

/// Names for calls that no model has.

/// A name that a client gave (X-Amz-Target, Action), fit for a record: at most 128 characters of letters, digits and
/// "._:-".
std::string given_name(std::string_view name);

/// "GET /things/{}/tags": method and path without what varies from call to call (numbers, ids, ARNs, long or encoded
/// segments), so that it names a kind of call and holds nothing of its content.
std::string path_name(std::string_view method, std::string_view path);

/// Whether a call of that name reads, as far as AWS's habits tell.
bool sounds_read_only(std::string_view name);

}  // namespace cairn::wire
