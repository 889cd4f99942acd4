#include "backend/posix/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace cairn::posix {

namespace {

Code code_of(int errno_value) {
    switch (errno_value) {
        case ENOENT:
        case ENOTDIR: return Code::not_found;
        case EEXIST: return Code::conflict;
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
        case EMFILE:
        case ENFILE:
        case ENOMEM: return Code::exhausted;
        case EACCES:
        case EPERM:
        case EROFS: return Code::denied;
        default: return Code::unavailable;
    }
}

}  // namespace

Descriptor::~Descriptor() {
    if (is_open()) ::close(number_);
}

std::unexpected<Error> fail_errno(int errno_value, std::string_view call, const std::string& path) {
    return fail(code_of(errno_value),
                fmt::format("{} {}: {}", call, path, std::generic_category().message(errno_value)));
}

Result<Descriptor> open_descriptor(const std::string& path, int flags) {
    int number = -1;
    do number = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    while (number < 0 && errno == EINTR);
    if (number < 0) return fail_errno(errno, "open", path);
    return Descriptor(number);
}

}  // namespace cairn::posix
