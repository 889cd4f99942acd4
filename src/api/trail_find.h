#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/trail_input.h"
#include "api/trail_services.h"
#include "base/result.h"
#include "view/trail/trail.h"
#include "wire/errors.h"

namespace cairn::api {

/// Who asks for an operation on trails, and where.
const std::string& account_of(const Call& call);
const std::string& region_of(const Call& call);

/// `text` has the form of a name or ARN. Errors: those of read_trail_reference().
Checked check_reference(const Call& call, std::string_view text);

/// The caller's trail that `text` names, by name or ARN; also a shadow of one. Errors: those of read_trail_reference();
/// TrailNotFoundException.
std::expected<std::shared_ptr<const trail::TrailHistory>, wire::ApiError> find_trail(const TrailServices& services,
                                                                                     const Call& call,
                                                                                     std::string_view text);

/// For changes: only in the trail's home region. Errors: those of find_trail(); InvalidHomeRegionException.
std::expected<trail::Trail, wire::ApiError> find_home_trail(const TrailServices& services, const Call& call,
                                                            std::string_view text);

wire::ApiError unknown_trail(const Call& call, std::string_view arn);

/// What a change of a trail that failed with `error` answers.
wire::ApiError trail_change_failed(const Call& call, std::string_view arn, const Error& error);

}  // namespace cairn::api
