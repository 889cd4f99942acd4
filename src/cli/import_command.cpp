#include <csignal>
#include <cstdlib>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "base/json.h"
#include "cli/command.h"
#include "cli/import_sinks.h"
#include "cli/import_source.h"
#include "cli/s3_flags.h"
#include "cli/terminal.h"
#include "node/engine.h"

namespace cairn::cli {

namespace {

struct ImportFlags {
    ConfigFlags config;
    RemoteOptions remote;
    S3Flags s3;
    ImportOptions import;
    bool no_state = false, json = false;
    std::size_t lines_max = 100;
};

volatile std::sig_atomic_t stop_wanted = 0;

/// The first Ctrl-C stops after what was read, the second one at once.
void stop_on_signals() {
    struct sigaction action{};
    action.sa_handler = [](int) { stop_wanted = 1; };
    action.sa_flags = SA_RESTART | SA_RESETHAND;
    for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
}

/// A file for each store, so that what one of them has is not taken for known by another.
std::string state_file(const std::string& store) {
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    const auto folder = state && *state ? std::string(state) : std::string(home ? home : ".") + "/.local/state";
    return fmt::format("{}/cairn/imported-{}", folder, store);
}

const char* outcome_name(ingest::Outcome outcome) {
    return outcome == ingest::Outcome::conflict ? "conflict" : "rejected";
}

void print_json(const ImportReport& report) {
    JsonArray lines, unreadable;
    for (const auto& line : report.lines)
        lines.push_back(JsonObject{{"file", line.file},
                                   {"line", line.line},
                                   {"outcome", outcome_name(line.outcome)},
                                   {"eventID", line.event_id},
                                   {"reason", line.reason}});
    for (const auto& text : report.unreadable) unreadable.push_back(text);
    const auto& counts = report.counts;
    fmt::print("{}\n", to_text(Json(JsonObject{{"files", report.files},
                                               {"filesSkipped", report.files_skipped},
                                               {"hidden", report.hidden},
                                               {"digestFiles", report.digest_files},
                                               {"bytes", report.bytes},
                                               {"read", report.read},
                                               {"stored", counts.stored},
                                               {"duplicate", counts.duplicate},
                                               {"conflict", counts.conflict},
                                               {"rejected", counts.rejected},
                                               {"interrupted", report.interrupted},
                                               {"lines", std::move(lines)},
                                               {"unreadable", std::move(unreadable)}})));
}

void print_text(const ImportReport& report, double seconds, std::size_t lines_max) {
    const bool colours = colours_wanted(STDOUT_FILENO);
    for (std::size_t i = 0; i < std::min(report.lines.size(), lines_max); ++i) {
        const auto& line = report.lines[i];
        fmt::print("{}:{}: {}: {}{}{}\n", printable(line.file), line.line,
                   coloured(outcome_name(line.outcome), Colour::yellow, colours), printable(line.event_id),
                   line.event_id.empty() ? "" : " ", printable(line.reason));
    }
    if (report.lines.size() > lines_max)
        fmt::print("... and {} more; --lines 0 shows all, --json too\n", report.lines.size() - lines_max);
    for (const auto& text : report.unreadable)
        fmt::print("{} {}\n", coloured("unreadable:", Colour::red, colours), printable(text));
    const auto& counts = report.counts;
    fmt::print("{} files ({} digest files), {} skipped as finished before, {:.1f} MB in {:.1f} s\n", report.files,
               report.digest_files, report.files_skipped, static_cast<double>(report.bytes) / 1e6, seconds);
    if (report.hidden > 0)
        fmt::print("{} left out as hidden: files and folders whose names begin with a dot\n", report.hidden);
    fmt::print("read {} = stored {} + duplicate {} + conflict {} + rejected {}\n", report.read, counts.stored,
               counts.duplicate, counts.conflict, counts.rejected);
    if (report.interrupted) fmt::print("interrupted; the same command goes on from here\n");
}

bool from_buckets(const ImportFlags& flags) {
    return std::ranges::any_of(flags.import.paths, [](const std::string& path) { return path.starts_with(s3_scheme); });
}

/// The S3 that paths name; `flags.remote` has the profile and the certificates for both.
Result<node::RemoteS3> open_s3(const ImportFlags& flags, const node::Config& config, const Clock& clock,
                               ImportOptions& options) {
    auto s3 = flags.s3;
    s3.profile = flags.remote.profile;
    s3.ca_file = flags.remote.ca_file;
    const auto applied = s3.applied(config);
    auto opened = node::open_remote_s3(applied, clock);
    if (!opened) return opened;
    options.objects = opened->store.get();
    options.objects_endpoint = applied.s3.endpoint;
    return opened;
}

Result<ImportReport> import(const ImportFlags& flags) {
    ProgressBar bar("importing");
    const auto progress = [&](std::uint64_t done, std::uint64_t total, std::uint64_t records) {
        bar.show(done, total, fmt::format("{} records", records));
        return stop_wanted == 0;
    };
    stop_on_signals();
    auto options = flags.import;
    options.workers = static_cast<int>(std::max(2u, std::thread::hardware_concurrency()));
    const auto config = flags.config.load();
    if (!config) return fail(config.error());
    const node::SystemClock clock;
    node::RemoteS3 s3;
    if (from_buckets(flags)) {
        auto opened = open_s3(flags, *config, clock, options);
        if (!opened) return fail(std::move(opened).error());
        s3 = std::move(*opened);
    }
    if (flags.config.data.empty()) {
        auto remote = flags.remote;
        remote.writes = true;
        if (options.objects) remote.profile.clear();  // it is the bucket's
        const auto store = remote_store(remote);
        if (!store) return fail(store.error());
        const auto sink = remote_sink(remote);
        if (!sink) return fail(sink.error());
        if (!flags.no_state && !store->empty()) options.state_file = state_file(*store);
        return import_files(options, **sink, progress);
    }
    Metrics metrics;
    const auto engine = node::Engine::open(*config, metrics);
    if (!engine) return fail(engine.error());
    if (!flags.no_state) options.state_file = config->data + "/import-state";
    const auto sink = local_sink((*engine)->ingest());
    auto report = import_files(options, *sink, progress);
    (*engine)->drain();
    return report;
}

int run_import(const ImportFlags& flags) {
    const auto begin = std::chrono::steady_clock::now();
    const auto report = import(flags);
    if (!report) return failed(report.error());
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    if (flags.json)
        print_json(*report);
    else
        print_text(*report, seconds.count(), flags.lines_max == 0 ? SIZE_MAX : flags.lines_max);
    if (report->interrupted) return 128 + SIGINT;
    return report->lines.empty() && report->unreadable.empty() ? 0 : 3;
}

}  // namespace

void add_import(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand(
        "import", "Read CloudTrail files into a node, or into a data directory that no node has open");
    const auto flags = std::make_shared<ImportFlags>();
    command
        ->add_option(
            "paths", flags->import.paths,
            "files and folders, s3://BUCKET/PREFIX, or - for standard input: .json, .json.gz, .ndjson, .zst; an "
            "AWSLogs tree, EventBridge events, lookup-events output")
        ->required();
    flags->config.add_to(*command);
    command
        ->add_option("--endpoint", flags->remote.endpoint,
                     "the node; default $CAIRN_ENDPOINT, $AWS_ENDPOINT_URL, http://127.0.0.1:4610")
        ->type_name("URL");
    command->add_option("--profile", flags->remote.profile,
                        "profile of the AWS credentials file; with s3:// that of the bucket");
    flags->s3.add_to(*command, "--region");
    command->add_option("--ca-bundle", flags->remote.ca_file, "PEM file of certificates to trust")->type_name("FILE");
    command->add_flag("--no-state", flags->no_state, "neither skip files finished before nor remember them");
    expect_whole_number(*command->add_option("--lines", flags->lines_max, "conflicts and rejections shown; 0: all")
                             ->capture_default_str(),
                        0);
    command->add_flag("--json", flags->json, "print one JSON object");
    command->footer(
        "An interrupted import goes on where it was: run the same command again. Files that this store has whole and "
        "that\n"
        "have not changed are skipped; records that are stored already count as duplicates and are not stored twice.\n"
        "Exit status: 0 all stored or known, 3 some records were rejected, in conflict or unreadable, 1 the import\n"
        "stopped, 130 it was interrupted.\n\n"
        "Objects of s3:// are read with the keys of --profile, else of [s3] of the configuration, else as the AWS CLI "
        "finds them. The\n"
        "node is then called with $CAIRN_INGEST_TOKEN, else with the keys of the environment.\n\n"
        "  cairn import ./AWSLogs                       into the running node\n"
        "  cairn import --data ./cairn-data ./AWSLogs   into a data directory, without a node\n"
        "  cairn import s3://audit/AWSLogs --endpoint-url https://minio.example.com --profile minio\n"
        "  aws cloudtrail lookup-events | cairn import -");
    command->callback([&run, flags] { run = [flags] { return run_import(*flags); }; });
}

}  // namespace cairn::cli
