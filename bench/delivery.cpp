// What trails keep in the meta store, on SQLite with its syncs:
//   delivery FOLDER [files of one digest] [objects of one bucket]
// Publishing files into one window and closing it with one digest; and paging through a bucket, beside a bare scan of
// the same rows.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "backend/dir/dir_store.h"
#include "backend/dir/object_row.h"
#include "backend/posix/posix_disk.h"
#include "backend/sqlite/sqlite_store.h"
#include "sign/seal.h"
#include "support/fake_clock.h"
#include "view/trail/chain.h"
#include "view/trail/gzip_member.h"

using namespace cairn;

namespace {

template <class T>
T wanted(Result<T> result) {
    if (result) return std::move(*result);
    fmt::print(stderr, "delivery: {}\n", result.error().message);
    std::exit(1);
}
void wanted(const Result<void>& result) {
    if (result) return;
    fmt::print(stderr, "delivery: {}\n", result.error().message);
    std::exit(1);
}

template <class Work>
double seconds_of(Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void line(const char* name, const std::string& value, const std::string& beside) {
    fmt::print("  {:<46} {:>16}   {}\n", name, value, beside);
}

void one_digest(MetaStore& store, std::size_t files) {
    const trail::ChainName name{"id", "111122223333", "us-east-1"};
    support::FakeClock clock;
    const sign::SecretBox box(std::string(32, 'k'));
    trail::SigningKeys keys(store, box);
    const auto key = wanted(keys.current(name.region, clock.now()));
    trail::Trail trail;
    trail.name = "main";
    trail.account = name.account;
    trail.home_region = name.region;
    trail.bucket = "logs";
    const trail::ChainContext context{trail, &key, std::chrono::hours(1)};
    wanted(store.transact([&](Transaction& transaction) -> Result<void> {
        const auto begun = trail::begin_chain(transaction, name, context, clock.now());
        return begun ? Result<void>() : fail(begun.error());
    }));
    const auto published = seconds_of([&] {
        for (std::size_t i = 0; i < files; ++i)
            wanted(store.transact([&](Transaction& transaction) {
                return trail::add_file(
                    transaction, name,
                    {"logs", fmt::format("AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/{:080}.json.gz", i),
                     std::string(64, 'a'), clock.now(), clock.now()},
                    clock.now(), clock.now());
            }));
    });
    clock.advance(std::chrono::hours(1));
    std::vector<trail::DigestToDeliver> digests;
    const auto closed = seconds_of([&] {
        wanted(store.transact([&](Transaction& transaction) -> Result<void> {
            auto made = trail::close_windows(transaction, name, context, clock.now(), 1);
            if (!made) return fail(made.error());
            digests = std::move(*made);
            return {};
        }));
    });
    fmt::print("one digest of {} files\n", files);
    line("published, a synced transaction each", fmt::format("{:.0f} /s", static_cast<double>(files) / published), "");
    line("closed and signed", fmt::format("{:.0f} ms", closed * 1e3),
         fmt::format("{:.1f} MB of JSON", static_cast<double>(digests.at(0).digest.json.size()) / 1e6));
}

std::string object_key(std::size_t number) {
    return fmt::format(
        "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/{:02}/"
        "111122223333_CloudTrail_us-east-1_20260102T0305Z_{:016}.json.gz",
        number % 28 + 1, number);
}

void paging(MetaStore& store, Disk& disk, std::size_t objects) {
    const support::FakeClock clock;
    const auto buckets = wanted(open_dir_store(disk, "buckets", store, clock));
    wanted(buckets->create_bucket("logs"));
    constexpr std::size_t at_once = 10'000;
    for (std::size_t begin = 0; begin < objects; begin += at_once)  // rows without files: a list reads no file
        wanted(store.transact([&](Transaction& transaction) -> Result<void> {
            for (auto i = begin; i < std::min(objects, begin + at_once); ++i) {
                dir::ObjectRow row;
                row.info.size = 12'345;
                row.sha256 = std::string(32, 's');
                row.info.etag = std::string(32, 'e');
                row.info.headers.content_type = "application/json";
                row.info.headers.content_encoding = "gzip";
                row.file = object_key(i);
                CAIRN_TRY(transaction.put("objects/logs", object_key(i), dir::encode_row(object_key(i), row)));
            }
            return {};
        }));
    std::size_t found = 0, pages = 0;
    const auto listed = seconds_of([&] {
        ListRequest request;
        do {
            const auto page = wanted(buckets->list("logs", request));
            found += page.entries.size();
            request.continuation = page.continuation;
            ++pages;
        } while (!request.continuation.empty());
    });
    std::size_t scanned = 0;
    const auto bare = seconds_of([&] {
        for (std::string after;;) {
            std::size_t rows = 0;
            wanted(store.view([&](Transaction& transaction) -> Result<void> {
                const auto page = transaction.scan("objects/logs", "", after, 1000);
                if (!page) return fail(page.error());
                rows = page->size();
                if (rows > 0) after = page->back().first;
                return {};
            }));
            scanned += rows;
            if (rows == 0) break;
        }
    });
    if (found != objects || scanned != objects)
        wanted(Result<void>(fail(Code::internal, fmt::format("{} of {} objects listed", found, objects))));
    fmt::print("pages of a bucket of {} objects\n", objects);
    const auto rate = static_cast<double>(found) / listed, bound = static_cast<double>(scanned) / bare;
    line("keys listed, 1,000 a page", fmt::format("{:.0f} /s", rate),
         fmt::format("{:.2f} of a scan of the rows alone ({:.0f} /s)", rate / bound, bound));
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) return 2;
    const std::string folder = arguments[1];
    const auto store = wanted(open_sqlite(folder + "/meta.sqlite"));
    const auto disk = wanted(open_posix_disk(folder));
    one_digest(*store, count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 10'000);
    paging(*store, *disk, count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 1'000'000);
}
