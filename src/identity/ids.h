#pragma once

#include <string>
#include <string_view>

namespace cairn::identity {

/// Twelve digits.
bool is_account_id(std::string_view text);

/// A random access key id: "AKIA" and 16 characters of base 32, which hold the account as AWS's do, so that
/// `sts get-access-key-info` tools read it ("A short note on AWS KEY ID", T. Be'ery).
std::string new_access_key_id(std::string_view account);

/// The same with "ASIA": the key of a session.
std::string new_session_key_id(std::string_view account);

/// What is presented with the key of a session: 64 characters of base 64.
std::string new_session_token();

/// 40 characters of base 64.
std::string new_secret();

/// "cairn-" and 16 characters: names an ingest token. Not secret.
std::string new_token_id();

/// "cairn_" and 40 characters: what a collector presents.
std::string new_token();

/// A unique id of IAM: `prefix` ("AIDA", "AROA") and 17 characters of base 32.
std::string new_unique_id(std::string_view prefix);

/// The same form, always the same for the same name: for things that the configuration file defines.
std::string named_unique_id(std::string_view prefix, std::string_view name);

}  // namespace cairn::identity
