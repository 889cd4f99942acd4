// What services elsewhere answer when they refuse: JSON, XML, or something of a proxy between.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "backend/aws/aws_client.h"

using namespace cairn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto line = bytes.substr(0, bytes.find('\n'));
    for (const int status : {400, 404, 503})
        for (const auto type : {std::string_view(), line})
            if (aws::error_of_answer(status, type, bytes.substr(type.size())).message.empty()) std::abort();
    return 0;
}
