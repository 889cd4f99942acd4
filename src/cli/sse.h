#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace cairn::cli {

/// Takes a stream of server-sent events apart (HTML Standard, "Server-sent events"), however its bytes are cut.
class EventStream {
public:
    /// `use(event, data)`; `event` is "message" when none is named. Returns false to stop.
    using Use = std::function<bool(std::string_view event, std::string_view data)>;
    explicit EventStream(Use use) : use_(std::move(use)) {}

    /// False once `use` has said so.
    bool take(std::string_view bytes);

private:
    bool line(std::string_view text);

    Use use_;
    std::string partial_, event_, data_;
};

}  // namespace cairn::cli
