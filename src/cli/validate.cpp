#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "backend/dir/dir_store.h"
#include "backend/posix/posix_disk.h"
#include "base/json.h"
#include "base/moment.h"
#include "cli/command.h"
#include "cli/folder_store.h"
#include "cli/folder_trails.h"
#include "cli/s3_flags.h"
#include "cli/terminal.h"
#include "node/store.h"
#include "node/trail_work.h"
#include "view/trail/trails.h"
#include "view/trail/validation.h"

namespace cairn::cli {

namespace {

struct ValidateFlags {
    ConfigFlags data;
    S3Flags s3;
    std::string trail, from, to, junit, folder, bucket;
    std::vector<std::string> key_files;
    std::vector<std::string> regions;
    bool json = false;
};

/// A data directory and one of its trails; the members keep each other alive in this order.
struct OpenedTrail {
    node::Config config;
    node::SystemClock clock;
    node::Store store;
    std::unique_ptr<Disk> disk;
    std::unique_ptr<EmbeddedStore> embedded;
    node::RemoteS3 remote;
    trail::Trail trail;

    /// Where its files are: an S3, if one is named, else the data directory.
    ObjectStore& objects() { return remote.store ? static_cast<ObjectStore&>(*remote.store) : *embedded; }
};

Result<void> open_objects(OpenedTrail& opened, const S3Flags& flags) {
    opened.embedded = read_dir_store(*opened.disk, node::buckets_folder, *opened.store.meta, opened.clock);
    if (!opened.config.s3.configured() && flags.endpoint_url.empty()) return {};
    auto remote = node::open_remote_s3(flags.applied(opened.config), opened.clock);
    if (!remote) return fail(std::move(remote).error());
    opened.remote = std::move(*remote);
    return {};
}

Result<trail::Trail> find_trail(const OpenedTrail& opened, const std::string& wanted) {
    trail::Trails trails(*opened.store.meta, opened.clock);
    CAIRN_TRY(trails.load());
    std::vector<std::string> arns;
    std::optional<trail::Trail> found;
    for (const auto& history : trails.list()) {
        const auto& one = history->newest();
        arns.push_back(one.arn());
        if (wanted != one.arn() && wanted != one.name) continue;
        if (found) return fail(Code::invalid, fmt::format("there are several trails {}: name one by its ARN", wanted));
        found = one;
    }
    if (found) return *found;
    return fail(Code::not_found, fmt::format("there is no trail {}; there are: {}", wanted,
                                             arns.empty() ? "none" : fmt::format("{}", fmt::join(arns, ", "))));
}

Result<std::unique_ptr<OpenedTrail>> open(const ValidateFlags& flags) {
    auto config = flags.data.load();
    if (!config) return fail(std::move(config).error());
    if (std::error_code error; !std::filesystem::exists(config->data + "/meta.sqlite", error))
        return fail(Code::not_found,
                    fmt::format("there is no data directory {}; name the node's with --data", config->data));
    auto opened = std::make_unique<OpenedTrail>();
    opened->config = std::move(*config);
    auto store = node::open_store(opened->config.data);
    if (!store) return fail(std::move(store).error());
    opened->store = std::move(*store);
    auto disk = open_posix_disk(opened->config.data);
    if (!disk) return fail(std::move(disk).error());
    opened->disk = std::move(*disk);
    CAIRN_TRY(open_objects(*opened, flags.s3));
    auto trail = find_trail(*opened, flags.trail);
    if (!trail) return fail(std::move(trail).error());
    opened->trail = std::move(*trail);
    return opened;
}

Result<Time> moment(const char* option, const std::string& text, Time now, Time otherwise) {
    if (text.empty()) return otherwise;
    const auto time = parse_moment(text, now);
    if (!time)
        return fail(Code::invalid,
                    fmt::format("--{} {}: not a time such as -2h, 2026-11-21 or 2026-11-21T16:00:00Z", option, text));
    return *time;
}

/// One chain of digests that was looked at.
struct RegionReport {
    std::string trail_arn, account, region;
    std::string title;  ///< in text
    trail::ValidationReport report;
};

struct Period {
    Time from{}, to{};
};

Result<Period> period_of(const ValidateFlags& flags) {
    const auto now = node::SystemClock().now();
    const auto from = moment("from", flags.from, now, Time{}), to = moment("to", flags.to, now, now);
    if (!from) return fail(from.error());
    if (!to) return fail(to.error());
    if (*from > *to) return fail(Code::invalid, "Invalid time range specified: start-time must occur before end-time");
    return Period{*from, *to};
}

/// Shows how far it is, if there is a terminal.
Result<trail::ValidationReport> validate_shown(ObjectStore& objects, const trail::ValidationRequest& request,
                                               const trail::FindKeys& find_keys, const std::string& title) {
    ProgressBar bar("validating " + title);
    auto report =
        trail::validate(objects, request, find_keys, [&](std::uint64_t done, std::uint64_t total, std::uint64_t bytes) {
            bar.show(done, total, fmt::format("{} of {} digests, {} MB of log files", done, total, bytes / 1'000'000));
        });
    bar.clear();
    return report;
}

Result<std::vector<RegionReport>> validate_regions(OpenedTrail& opened, const ValidateFlags& flags) {
    const auto period = period_of(flags);
    if (!period) return fail(period.error());
    const auto& trail = opened.trail;
    auto regions = flags.regions;
    if (regions.empty())
        regions = trail.multi_region ? opened.config.regions : std::vector<std::string>{trail.home_region};

    const sign::SecretBox box(opened.store.master_key);
    const trail::SigningKeys keys(*opened.store.meta, box);
    std::vector<RegionReport> reports;
    for (const auto& region : regions) {
        trail::ValidationRequest request{trail.bucket, trail.prefix.value_or(""), "",           trail.account, region,
                                         trail.name,   trail.home_region,         period->from, period->to};
        if (!opened.remote.store)
            request.removed = [&](const std::string& bucket, const std::string& key) {
                return opened.embedded->find_tombstone(bucket, key).value_or(std::nullopt).has_value();
            };
        auto report = validate_shown(
            opened.objects(), request,
            [&](std::string_view where, Time first, Time last) { return keys.list(where, first, last); }, region);
        if (!report) return fail(std::move(report).error());
        reports.push_back({trail.arn(), trail.account, region, region, std::move(*report)});
    }
    return reports;
}

/// Those of all files. A digest names its key by fingerprint, so that those of several regions may stand in one list.
Result<std::vector<trail::PublicKey>> read_key_files(const std::vector<std::string>& paths) {
    std::vector<trail::PublicKey> all;
    for (const auto& path : paths) {
        std::ifstream in(path, std::ios::binary);
        const std::string text((std::istreambuf_iterator<char>(in)), {});
        if (!in) return fail(Code::not_found, fmt::format("{} cannot be read", path));
        auto keys = parse_public_keys(text);
        if (!keys) return fail(keys.error().code, fmt::format("{}: {}", path, keys.error().message));
        all.insert(all.end(), keys->begin(), keys->end());
    }
    return all;
}

bool is_wanted(const ValidateFlags& flags, const FolderTrail& found) {
    const bool named = flags.trail.empty() || flags.trail == found.trail ||
                       flags.trail == trail::trail_arn(found.home_region, found.account, found.trail);
    return named && (flags.regions.empty() || std::ranges::find(flags.regions, found.region) != flags.regions.end());
}

/// Digests that were found, of trails that this node need not know.
struct FoundTrails {
    ObjectStore& objects;
    std::string bucket;
    const std::vector<FolderTrail>& trails;
    bool metadata_kept;
    std::string where;  ///< in messages
};

Result<std::vector<RegionReport>> validate_found(const ValidateFlags& flags, const FoundTrails& all) {
    const auto period = period_of(flags);
    if (!period) return fail(period.error());
    const auto keys = read_key_files(flags.key_files);
    if (!keys) return fail(keys.error());
    std::vector<RegionReport> reports;
    for (const auto& found : all.trails) {
        if (!is_wanted(flags, found)) continue;
        trail::ValidationRequest request{all.bucket,        found.prefix, found.organization,
                                         found.account,     found.region, found.trail,
                                         found.home_region, period->from, period->to};
        request.metadata_kept = all.metadata_kept;
        const auto title =
            fmt::format("{} of {} in {}", printable(found.trail), printable(found.account), printable(found.region));
        auto report = validate_shown(all.objects, request, [&](std::string_view, Time, Time) { return *keys; }, title);
        if (!report) return fail(std::move(report).error());
        reports.push_back({trail::trail_arn(found.home_region, found.account, found.trail), found.account, found.region,
                           title, std::move(*report)});
    }
    if (reports.empty())
        return fail(Code::not_found, fmt::format("no digest in {} is of such a trail or region", all.where));
    return reports;
}

Result<std::vector<RegionReport>> validate_folder(const ValidateFlags& flags) {
    const auto content = read_folder_content(flags.folder);
    if (!content) return fail(content.error());
    const auto objects = read_folder_store(flags.folder, content->bucket, content->key_prefix);
    return validate_found(flags, {*objects, content->bucket, content->trails, false, flags.folder});
}

Result<std::vector<RegionReport>> validate_bucket(const ValidateFlags& flags) {
    constexpr std::string_view scheme = "s3://";
    const auto path = flags.bucket.substr(flags.bucket.starts_with(scheme) ? scheme.size() : 0);
    const auto slash = std::min(path.find('/'), path.size());
    if (slash == 0) return fail(Code::invalid, fmt::format("--bucket {}: not of the form s3://NAME", flags.bucket));
    const auto config = flags.data.load();
    if (!config) return fail(config.error());
    const node::SystemClock clock;
    const auto remote = node::open_remote_s3(flags.s3.applied(*config), clock);
    if (!remote) return fail(remote.error());
    const auto name = path.substr(0, slash);
    const auto trails = find_bucket_trails(*remote->store, name, path.substr(std::min(slash + 1, path.size())));
    if (!trails) return fail(trails.error());
    return validate_found(flags, {*remote->store, name, *trails, true, flags.bucket});
}

Result<std::vector<RegionReport>> validate_all(const ValidateFlags& flags) {
    const auto& elsewhere = flags.folder.empty() ? flags.bucket : flags.folder;
    if (!elsewhere.empty() && flags.key_files.empty())
        return fail(Code::invalid,
                    fmt::format("{} needs --keys FILE: what `aws cloudtrail list-public-keys --start-time ... --region "
                                "...` answers",
                                flags.folder.empty() ? "--bucket" : "--folder"));
    if (elsewhere.empty() && !flags.key_files.empty())
        return fail(Code::invalid, "--keys is for --folder and --bucket: a data directory has its keys");
    if (!flags.folder.empty()) return validate_folder(flags);
    if (!flags.bucket.empty()) return validate_bucket(flags);
    if (flags.trail.empty()) return fail(Code::invalid, "--trail is needed, its name or ARN");
    const auto opened = open(flags);
    if (!opened) return fail(opened.error());
    return validate_regions(**opened, flags);
}

/// Digest and log files have the words of the AWS CLI.
std::string line_of(const trail::Finding& finding) {
    if (finding.object.empty()) return finding.message;
    const auto kind = trail::finding_name(finding.kind);
    return fmt::format("{}{} file\t{}\t{}{}", finding.backfill ? "(backfill) " : "",
                       kind.starts_with("digest") ? "Digest" : "Log", printable(finding.object),
                       trail::is_problem(finding.kind) ? "INVALID: " : "", printable(finding.message));
}

void print_count(const trail::ValidationReport::Count& count, const char* what) {
    if (count.all() == 0) return;
    fmt::print("  {}/{} {} files valid", count.valid, count.all(), what);
    if (count.invalid > 0) fmt::print(", {}/{} {} files INVALID", count.invalid, count.all(), what);
    fmt::print("\n");
}

void print_removed(std::uint64_t count, const char* what) {
    if (count > 0) fmt::print("  {} {} file{} removed by retention\n", count, what, count == 1 ? "" : "s");
}

void print_text(const std::vector<RegionReport>& reports) {
    const bool colours = colours_wanted(STDOUT_FILENO);
    for (const auto& [arn, account, region, title, report] : reports) {
        for (const auto& finding : report.findings)
            fmt::print("{}\n", coloured(line_of(finding), trail::is_problem(finding.kind) ? Colour::red : Colour::plain,
                                        colours));
        if (report.digests.all() + report.backfill_digests.all() == 0) {
            fmt::print("{}: no digests found\n", title);
            continue;
        }
        if (report.found_from)
            fmt::print("{}: results found for {} to {}:\n", title, format_time(*report.found_from),
                       format_time(*report.found_to));
        else
            fmt::print("{}: no valid digests found in range\n", title);
        print_count(report.digests, "digest");
        print_count(report.backfill_digests, "backfill digest");
        print_count(report.logs, "log");
        print_removed(report.removed_digests, "digest");
        print_removed(report.removed_logs, "log");
    }
}

Json json_of(const trail::ValidationReport::Count& count) {
    return JsonObject{{"valid", count.valid}, {"invalid", count.invalid}};
}

Json json_of(const std::vector<RegionReport>& reports) {
    JsonArray regions;
    for (const auto& [arn, account, region, title, report] : reports) {
        JsonArray findings;
        for (const auto& finding : report.findings)
            findings.push_back(JsonObject{{"kind", trail::finding_name(finding.kind)},
                                          {"problem", trail::is_problem(finding.kind)},
                                          {"object", finding.object},
                                          {"message", finding.message},
                                          {"backfill", finding.backfill}});
        regions.push_back(JsonObject{
            {"trail", arn},
            {"account", account},
            {"region", region},
            {"digests", json_of(report.digests)},
            {"backfillDigests", json_of(report.backfill_digests)},
            {"logFiles", json_of(report.logs)},
            {"removedByRetention", JsonObject{{"digests", report.removed_digests}, {"logFiles", report.removed_logs}}},
            {"bytes", report.bytes},
            {"from", report.found_from ? Json(format_time(*report.found_from)) : Json()},
            {"to", report.found_to ? Json(format_time(*report.found_to)) : Json()},
            {"findings", std::move(findings)}});
    }
    return JsonObject{{"regions", std::move(regions)}};
}

std::string xml(std::string_view text) {
    std::string out;
    for (const char c : printable(text)) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

/// One test for each trail and region, which fails with its problems.
Result<void> write_junit(const std::string& path, const std::vector<RegionReport>& reports) {
    const auto failures =
        std::ranges::count_if(reports, [](const RegionReport& one) { return one.report.problems() > 0; });
    std::ofstream out(path);
    out << fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"cairn validate\" tests=\"{}\" "
        "failures=\"{}\">\n",
        reports.size(), failures);
    for (const auto& [arn, account, region, title, report] : reports) {
        out << fmt::format("  <testcase classname=\"{}\" name=\"{}\">", xml(arn), xml(region));
        if (report.problems() > 0) {
            out << fmt::format("<failure message=\"{} problems\">", report.problems());
            for (const auto& finding : report.findings)
                if (trail::is_problem(finding.kind)) out << xml(line_of(finding)) << '\n';
            out << "</failure>";
        }
        out << "</testcase>\n";
    }
    out << "</testsuite>\n";
    out.close();
    return out ? Result<void>() : fail(Code::unavailable, fmt::format("{} cannot be written", path));
}

int validate(const ValidateFlags& flags) {
    const auto reports = validate_all(flags);
    if (!reports) return failed(reports.error());
    if (flags.json)
        fmt::print("{}\n", to_text(json_of(*reports)));
    else
        print_text(*reports);
    if (!flags.junit.empty())
        if (const auto written = write_junit(flags.junit, *reports); !written) return failed(written.error());
    return std::ranges::any_of(*reports, [](const RegionReport& one) { return one.report.problems() > 0; }) ? 3 : 0;
}

}  // namespace

void add_validate(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand(
        "validate",
        "Validate the digests and log files of a trail, in an embedded bucket, a real S3 or a folder of "
        "files from anywhere; changes nothing, works beside a running node");
    const auto flags = std::make_shared<ValidateFlags>();
    flags->data.add_to(*command);
    command->add_option("--trail", flags->trail,
                        "its name or ARN; with --folder and --bucket default: every trail that has digests there");
    auto* folder = command
                       ->add_option("--folder", flags->folder,
                                    "a copy of a trail's bucket, or of a part of it, as `aws s3 sync` makes it; no "
                                    "data directory is needed")
                       ->type_name("DIR");
    command
        ->add_option("--bucket", flags->bucket,
                     "a bucket of a real S3, AWS's too, or a folder in it; no data directory is needed")
        ->type_name("s3://NAME[/FOLDER]")
        ->excludes(folder);
    command
        ->add_option(
            "--keys", flags->key_files,
            "for --folder and --bucket: what `aws cloudtrail list-public-keys` answered, as JSON; once for each "
            "region")
        ->type_name("FILE");
    command
        ->add_option("--from", flags->from,
                     "digests not before: -2h, -7d, 2026-11-21, 2026-11-21T16:00:00Z; default: the first")
        ->type_name("TIME");
    command->add_option("--to", flags->to, "and not after; default: now")->type_name("TIME");
    command->add_option("--region", flags->regions,
                        "only this region; can be given more than once; default: all of the trail");
    flags->s3.add_to(*command, "--s3-region");
    command->add_option("--profile", flags->s3.profile, "profile of the AWS credentials file, for the S3");
    command->add_option("--ca-bundle", flags->s3.ca_file, "PEM file of certificates to trust, for the S3")
        ->type_name("FILE");
    command->add_flag("--json", flags->json, "print one JSON object");
    command->add_option("--junit", flags->junit, "write a JUnit report, too: one test for each trail and region")
        ->type_name("FILE");
    command->footer(
        "The files of a data directory's trail are sought where the node puts them: in the S3 that --endpoint-url or "
        "s3.endpoint of the\nconfiguration names, else in the data directory.\n\n"
        "Examples:\n"
        "  cairn validate --data /var/lib/cairn --trail audit\n"
        "  cairn validate --config /etc/cairn.toml --trail audit\n"
        "  cairn validate --trail audit --from -7d --region eu-west-1 --junit validate.xml\n"
        "Files that lie in a real bucket, of AWS or of others, there or in a copy:\n"
        "  aws cloudtrail list-public-keys --region eu-west-1 --start-time 2026-01-01 > keys.json\n"
        "  cairn validate --bucket s3://my-logs --keys keys.json --region eu-west-1\n"
        "  aws s3 sync s3://my-logs/AWSLogs/111122223333/ copy/\n"
        "  cairn validate --folder copy --keys keys.json --region eu-west-1\n"
        "A copy has no metadata: each digest's signature is taken from the digest after it; that of the newest one "
        "cannot be checked.\n\n"
        "All that `aws cloudtrail validate-logs` checks, in its words, and besides: both links of the chain, log files "
        "that no digest\n"
        "names, runs of deleted digests, windows that do not meet, a file in two digests, an event in two files, the "
        "period of keys.\n\n"
        "Exit status: 0 valid, 3 something was found and is named, 1 the validation could not be done.");
    command->callback([&run, flags] { run = [flags] { return validate(*flags); }; });
}

}  // namespace cairn::cli
