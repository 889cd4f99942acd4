#pragma once

#include <map>
#include <string>

namespace cairn {

/// The settings of one profile in an AWS shared file ("The shared config and credentials files"); sections are "[name]"
/// or
/// "[profile name]". Empty when the file cannot be read or has no such profile.
std::map<std::string, std::string> read_profile(const std::string& path, const std::string& profile);

}  // namespace cairn
