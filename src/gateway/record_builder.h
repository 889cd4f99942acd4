#pragma once

#include <functional>
#include <string>

#include "gateway/call_name.h"
#include "gateway/recorder.h"

namespace cairn::gateway {

/// What a record takes from the upstream when the call does not say it.
struct Home {
    std::string account, region;
};

/// How a call is named; name_call() is one.
using NameCall = std::function<CallName(const net::Request&, const Credential&)>;

/// The record of `call` as CloudTrail has it: one line of JSON with a fresh eventID. It says who claims to call, what,
/// when, from where, and what came of it; no parameter and no header that may hold a secret is taken over.
std::string build_record(const Call& call, const Home& home, const NameCall& name);

}  // namespace cairn::gateway
