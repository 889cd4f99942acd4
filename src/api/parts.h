#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "event/block.h"
#include "identity/authenticator.h"
#include "ingest/ingest.h"
#include "net/http.h"
#include "seam/clock.h"
#include "seam/event_log.h"
#include "view/history/history.h"

namespace cairn::api {

/// How the API behaves, from the configuration file; docs/api.md describes each.
struct Settings {
    /// LookupEvents without EventCategory answers management events only, as the service does; else data events too.
    bool lookup_management_only = false;

    /// Events older than this are not found by LookupEvents (the service: 90 days). Empty: no limit.
    std::optional<std::chrono::milliseconds> lookup_window;

    /// LookupEvents calls a second, per account and region, before ThrottlingException (the service: 2). 0: no limit.
    double lookups_per_second = 0;

    bool record_calls = true;    ///< cairn's own API calls become events
    bool record_ingest = false;  ///< calls of POST /ingest too

    std::size_t own_calls_waiting_max = 10'000;  ///< records of reads that wait for ingest before callers do

    std::size_t ingest_body_bytes_max = 64u << 20;   ///< of one POST /ingest, as sent
    std::size_t ingest_text_bytes_max = 256u << 20;  ///< of the same, decompressed
    std::size_t streams_max = 200;                   ///< GET /v1/tail at a time
    std::size_t waits_max = 10'000;                  ///< /v1/wait at a time
    int asking_workers = 2;                          ///< threads for calls that ask services elsewhere
    int workers = 4;                                 ///< threads for calls that may read from disk
    std::size_t jobs_max = 1024;                     ///< calls waiting for a worker before new ones are refused
};

/// Verifies who calls: identity::Authenticator::authenticate().
using Authenticate = std::function<std::expected<identity::Authenticated, identity::AuthRefusal>(
    const identity::IncomingRequest&, const std::vector<std::string_view>& services, bool bearer,
    bool unsigned_payload)>;

/// Takes records: ingest::Ingest::submit().
using Submit = std::function<void(std::shared_ptr<const std::string>, std::vector<std::string_view>, ingest::Writer,
                                  ingest::Ingest::Done)>;

struct TrailServices;    // api/trail_services.h
struct S3Services;       // api/s3_call.h
struct SessionServices;  // api/session_services.h

/// What the API works with; all of it outlives it.
struct Parts {
    Authenticate authenticate;
    Submit submit;
    history::History& history;
    EventLog& log;
    FindDictionary find_dictionary;
    const Clock& clock;
    Metrics& metrics;
    std::string store_id = {};              ///< told to writers: importers remember by it what this store has already
    const TrailServices* trails = nullptr;  ///< null: there are no trails
    const S3Services* s3 = nullptr;         ///< null: there are no embedded buckets
    const SessionServices* sessions = nullptr;  ///< null: nobody asks who is behind a key
};

}  // namespace cairn::api
