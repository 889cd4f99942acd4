// Any bytes as the body of every operation: read, checked and written without a crash, and what was read reads again.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "wire/model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cairn;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)wire::parse_timestamp(text);
    const auto document = parse_json(text);
    if (!document) return 0;
    for (const auto* service : {"cloudtrail", "cloudtrail-data"}) {
        const auto& model = wire::model_of(service);
        for (const auto& [name, operation] : model.operations()) {
            if (!operation.input) continue;
            const auto read = model.read(*operation.input, *document);
            if (!read) continue;
            (void)model.violations(*operation.input, *read);
            CAIRN_CHECK(model.read(*operation.input, model.write(*operation.input, *read)).has_value());
        }
    }
    return 0;
}
