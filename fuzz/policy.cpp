#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/policy.h"

// The first part, up to a zero byte, is a policy, the rest the resource, an account and a region of a call. Whatever
// the policy says, the compiled scope and the direct evaluation must agree.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto next = [&] {
        const auto end = rest.find('\0');
        const auto part = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        return std::string(part);
    };
    const auto policy = cairn::policy::Policy::parse(next());
    if (!policy) return 0;

    cairn::policy::Call call{
        "cloudtrail:LookupEvents", next(), {{"aws:SourceIp", "10.1.2.3"}, {"aws:username", "ana"}}};
    const auto account = next();
    const auto region = next();
    const auto scope = cairn::policy::compile_scope({*policy}, call);
    call.context.emplace_back("cairn:account", account);
    call.context.emplace_back("cairn:region", region);
    const bool allowed = cairn::policy::evaluate({*policy}, call) == cairn::policy::Decision::allowed;
    if (scope.admits(account, region) != allowed) std::abort();
    return 0;
}
