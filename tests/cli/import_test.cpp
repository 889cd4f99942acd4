#include "cli/import.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cli/import_state.h"

using namespace cairn;
using namespace cairn::cli;
using ingest::Outcome;

namespace {

namespace fs = std::filesystem;

/// Stores texts in memory; what holds "bad" is rejected, what was there is a duplicate.
class MemorySink final : public ImportSink {
public:
    Result<Taken> put(const std::vector<std::string_view>& texts) override {
        std::lock_guard lock(mutex_);
        if (failing) return fail(Code::unavailable, "gone");
        if (during_put) std::exchange(during_put, nullptr)();
        Taken taken;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            if (texts[i].find("bad") != std::string_view::npos) {
                ++taken.counts.rejected;
                taken.problems.push_back({i, Outcome::rejected, "", "bad"});
            } else if (stored.insert(std::string(texts[i])).second) {
                ++taken.counts.stored;
            } else {
                ++taken.counts.duplicate;
            }
        }
        return taken;
    }

    std::set<std::string> stored;
    bool failing = false;
    std::function<void()> during_put;

private:
    std::mutex mutex_;
};

class ImportTest : public testing::Test {
protected:
    ImportTest()
        : folder_(fs::path(testing::TempDir()) /
                  ("cairn-import-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()))) {
        fs::remove_all(folder_);
        fs::create_directories(folder_ / "logs/2026/01");
    }
    ~ImportTest() override { fs::remove_all(folder_); }

    void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / "logs" / name) << text; }

    Result<ImportReport> run(bool with_state = false) {
        ImportOptions options;
        options.paths = {(folder_ / "logs").string()};
        if (with_state) options.state_file = (folder_ / "state").string();
        return import_files(options, sink_, [&](auto, auto, auto) { return go_on_; });
    }

    std::string path(const std::string& name) const { return (folder_ / "logs" / name).string(); }

    fs::path folder_;
    MemorySink sink_;
    bool go_on_ = true;
};

}  // namespace

TEST_F(ImportTest, EveryRecordIsAccountedFor) {
    write("a.json", R"({"Records":[{"eventID":"1"},{"eventID":"2"}]})");
    write("2026/01/b.ndjson", "{\"eventID\":\"3\"}\n\n{\"eventID\":\"1\"}\n{\"x\":\"bad\"}\nnot json\n");
    const auto report = run();
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->files, 2u);
    EXPECT_EQ(report->read, report->counts.total());
    EXPECT_EQ(report->counts.stored, 3u);
    EXPECT_EQ(report->counts.duplicate, 1u);
    EXPECT_EQ(report->counts.rejected, report->read - 4);
    ASSERT_FALSE(report->lines.empty());
    EXPECT_TRUE(report->lines.front().file.ends_with("b.ndjson"));
    EXPECT_TRUE(
        std::ranges::any_of(report->lines, [](const auto& line) { return line.line == 4 && line.reason == "bad"; }));
}

TEST_F(ImportTest, FilesThatAppearMeanwhileAreRead) {
    write("a.ndjson", "{\"eventID\":\"1\"}\n");
    sink_.during_put = [&] { write("0-earlier.ndjson", "{\"eventID\":\"2\"}\n"); };
    const auto report = run();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->files, 2u);
    EXPECT_EQ(sink_.stored.size(), 2u);
}

TEST_F(ImportTest, HiddenFilesAreCounted) {
    write("a.json", R"({"Records":[{"eventID":"1"}]})");
    write(".hidden.json", R"({"Records":[{"eventID":"2"}]})");
    write("2026/01/.part", "");
    const auto report = run();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->files, 1u);
    EXPECT_EQ(report->hidden, 2u);
}

TEST_F(ImportTest, GoesOnWhereItWasInterrupted) {
    write("a.ndjson", "{\"eventID\":\"1\"}\n");
    ASSERT_TRUE(run(true));
    write("b.ndjson", "{\"eventID\":\"2\"}\n");
    sink_.failing = true;
    ASSERT_FALSE(run(true));
    sink_.failing = false;
    const auto report = run(true);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->files_skipped, 1u);
    EXPECT_EQ(report->files, 1u);
    EXPECT_EQ(report->counts.stored, 1u);
}

TEST_F(ImportTest, AChangedFileIsReadAgain) {
    write("a.ndjson", "{\"eventID\":\"1\"}\n");
    ASSERT_TRUE(run(true));
    write("a.ndjson", "{\"eventID\":\"1\"}\n{\"eventID\":\"2\"}\n");
    const auto report = run(true);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->counts.duplicate, 1u);
    EXPECT_EQ(report->counts.stored, 1u);
}

TEST_F(ImportTest, WhatCannotBeReadIsNamed) {
    write("a.json.gz", std::string("\x1f\x8b\x08\x00garbage", 11));
    const auto report = run();
    ASSERT_TRUE(report);
    ASSERT_EQ(report->unreadable.size(), 1u);
    EXPECT_NE(report->unreadable[0].find("a.json.gz"), std::string::npos);
    ImportOptions options;
    options.paths = {(folder_ / "absent").string()};
    EXPECT_FALSE(import_files(options, sink_, [](auto, auto, auto) { return true; }));
}

TEST_F(ImportTest, WhatWasAddedAfterTheReadingIsReadNextTime) {
    write("a.ndjson", "{\"eventID\":\"1\"}\n");
    // While the first record is stored the file grows twice: the second time too late for this import.
    int grown = 0;
    std::function<void()> grow = [&] {
        write("a.ndjson", "{\"eventID\":\"1\"}\n{\"eventID\":\"2\"}\n" + std::string(grown, '\n'));
        if (++grown < 2) sink_.during_put = grow;
    };
    sink_.during_put = grow;
    auto report = run(true);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->files, 2u);  // read once more within the import
    EXPECT_EQ(report->counts.stored, 2u);
    write("a.ndjson", "{\"eventID\":\"1\"}\n{\"eventID\":\"2\"}\n\n{\"eventID\":\"3\"}\n");
    report = run(true);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->counts.stored, 1u);
    report = run(true);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->files_skipped, 1u);
}

TEST_F(ImportTest, ADamagedFileThatIsMendedMeanwhileIsNotUnreadable) {
    write("a.ndjson", "{\"eventID\":\"1\"}\n");
    write("b.json.gz", std::string("\x1f\x8b\x08\x00garbage", 11));
    sink_.during_put = [&] { write("b.json.gz", "{\"eventID\":\"2\"}\n"); };
    const auto report = run(true);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->unreadable.empty());
    EXPECT_EQ(report->counts.stored, 2u);
}

TEST_F(ImportTest, FilesWithRejectedRecordsAreReadAgain) {
    write("a.ndjson", "{\"eventID\":\"1\"}\n{\"x\":\"bad\"}\n");
    write("b.ndjson", "{\"eventID\":\"2\"}\nnot json\n");
    write("c.ndjson", "{\"eventID\":\"3\"}\n");
    ASSERT_TRUE(run(true));
    const auto report = run(true);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->files_skipped, 1u);
    EXPECT_EQ(report->counts.duplicate, 2u);
    EXPECT_EQ(report->counts.rejected, 2u);
}

TEST_F(ImportTest, LinesComeInTheOrderOfFilesAndLines) {
    write("a.ndjson", "{\"x\":\"bad\"}\nnot json\n{\"y\":\"bad\"}\n");
    write("b.ndjson", "not json\n{\"x\":\"bad\"}\n");
    const auto report = run();
    ASSERT_TRUE(report);
    std::vector<std::pair<std::string, std::uint64_t>> places;
    for (const auto& line : report->lines) places.emplace_back(fs::path(line.file).filename().string(), line.line);
    EXPECT_TRUE(std::ranges::is_sorted(places));
    EXPECT_EQ(places.size(), report->counts.rejected);
    EXPECT_GE(places.size(), 4u);
}

TEST_F(ImportTest, LinksAreFollowedOnceAndBrokenOnesNamed) {
    write("2026/01/a.ndjson", "{\"eventID\":\"1\"}\n");
    fs::create_directories(folder_ / "elsewhere");
    std::ofstream(folder_ / "elsewhere/b.ndjson") << "{\"eventID\":\"2\"}\n";
    fs::create_directory_symlink(folder_ / "elsewhere", path("link"));
    fs::create_directory_symlink(folder_ / "logs", path("2026/loop"));
    fs::create_symlink("nowhere", path("broken.json"));
    const auto report = run();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->files, 2u);
    EXPECT_EQ(report->counts.stored, 2u);
    ASSERT_EQ(report->unreadable.size(), 1u);
    EXPECT_TRUE(report->unreadable[0].starts_with(path("broken.json") + ": "));
}

TEST_F(ImportTest, APipeIsReadToItsEnd) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += "{\"eventID\":\"" + std::to_string(i) + "\"}\n";
    std::thread writer([&] { std::ofstream(path("pipe")) << text; });
    ImportOptions options;
    options.paths = {path("pipe")};
    options.state_file = (folder_ / "state").string();
    const auto report = import_files(options, sink_, [](auto, auto, auto) { return true; });
    writer.join();
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->counts.stored, 50'000u);
    EXPECT_EQ(report->files, 1u);
}

TEST_F(ImportTest, AGiantRecordHoldsUpNoOther) {
    write("a.ndjson", "{\"eventID\":\"1\"}\n{\"x\":\"" + std::string(17 << 20, 'x') + "\"}\n{\"eventID\":\"2\"}\n");
    const auto report = run();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->counts.stored, 2u);
    ASSERT_EQ(report->lines.size(), 1u);
    EXPECT_EQ(report->lines[0].line, 2u);
    EXPECT_NE(report->lines[0].reason.find("more than 16777216"), std::string::npos);
}

TEST_F(ImportTest, StopsWhenToldAndGoesOnLater) {
    for (const char* name : {"a.ndjson", "b.ndjson", "c.ndjson"})
        write(name, std::string("{\"eventID\":\"") + name + "\"}\n");
    go_on_ = false;
    auto report = run(true);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->interrupted);
    EXPECT_EQ(report->read, 1u);
    EXPECT_EQ(report->counts.stored, 1u);
    go_on_ = true;
    report = run(true);
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->interrupted);
    EXPECT_EQ(report->read, report->counts.total());
    EXPECT_EQ(sink_.stored.size(), 3u);
}

TEST_F(ImportTest, ADamagedStateForgetsFilesButNeverInventsThem) {
    write("a.ndjson", "{}\n");
    write("b.ndjson", "{}{}\n");
    const auto a = (folder_ / "logs/a.ndjson").string(), b = (folder_ / "logs/b.ndjson").string();
    const auto path = (folder_ / "state").string();
    ASSERT_TRUE(ImportState::open(path)->finish(a));
    std::ifstream in(path);
    const std::string whole(std::istreambuf_iterator<char>(in), {});
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const bool cut : {false, true}) {
            SCOPED_TRACE((cut ? "cut at " : "flipped at ") + std::to_string(at));
            auto bytes = cut ? whole.substr(0, at) : whole;
            if (!cut) bytes[at] ^= 1;
            std::ofstream(path) << bytes;
            {
                auto state = ImportState::open(path);
                ASSERT_TRUE(state) << state.error().message;
                EXPECT_FALSE(state->finished(a));
                EXPECT_FALSE(state->finished(b));
                ASSERT_TRUE(state->finish(b));
            }
            EXPECT_TRUE(ImportState::open(path)->finished(b));
        }
    }
}
