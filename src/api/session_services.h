#pragma once

#include <functional>
#include <string>
#include <vector>

#include "view/session/graph.h"

namespace cairn::api {

/// What questions of who is behind a key work with; all of it outlives the API.
struct SessionServices {
    const session::Graph& graph;

    /// Waits a moment for the graph to know what the log knows. Blocks.
    std::function<void()> catch_up;
    std::vector<std::string> regions;  ///< that exist
};

}  // namespace cairn::api
