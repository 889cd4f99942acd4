#pragma once

#include <string>

#include "api/context.h"
#include "ingest/slice.h"

namespace cairn::api {

/// POST /ingest: records in any container ingest::slice() knows, plain, gzip or zstd; docs/api.md, "POST /ingest".
class IngestCall {
public:
    explicit IngestCall(const Context& context);

    /// Small bodies are worked on here, larger ones on the pool: does not block.
    void handle(CallPointer call);

private:
    void run(CallPointer call);

    const Context& context_;
    const CallMetrics calls_;
    Counter& bytes_;
    Counter* outcomes_[4];
};

/// What POST /ingest answers. `slices` are the records of the body in order, `receipt` has a result for each of them
/// that could be cut out.
enum class ResultsShown { problems, all, none };
std::string ingest_answer(const ingest::Sliced& sliced, const ingest::Receipt& receipt, ResultsShown shown);

}  // namespace cairn::api
