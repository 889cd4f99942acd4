#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cairn::gateway {

/// The account that an access key id was made in, if it carries one: 20 characters, of which the last 16 are 80 bits in
/// base32; bit 0 set means that bits 1 to 40 are the account. Ids made before 2019 do not, and those of MinIO and Ceph
/// mean nothing. A claim, no proof. (A. Steele, "AWS Access Key ID formats".)
std::optional<std::string> account_in_key_id(std::string_view key_id);

/// True for twelve digits.
bool is_account_id(std::string_view text);

}  // namespace cairn::gateway
