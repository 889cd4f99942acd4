#include <cstdlib>

#include <gtest/gtest.h>

#include "admit/manifest.h"
#include "admit/model.h"
#include "admit/pages.h"
#include "admit/seen_index.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/metrics.h"

namespace cairn::admit {
namespace {

using support::MemoryDisk;

constexpr const char* manifest_path = "seen/manifest";

Result<std::unique_ptr<SeenIndex>> open(MemoryDisk& disk, const Model& model, Metrics& metrics) {
    return SeenIndex::open(disk, "seen", model.source(), metrics, model.options());
}

/// Some thousand events on all levels, among them conflicts.
void fill(MemoryDisk& disk, Model& model, std::size_t count) {
    Metrics metrics;
    Draw draw(count);
    auto seen = open(disk, model, metrics);
    ASSERT_TRUE(seen) << seen.error().message;
    while (model.events.size() < count) {
        std::vector<Fingerprint> batch;
        for (int i = 0; i < 50; ++i) batch.push_back(draw.fresh());
        if (!model.events.empty()) batch.back().identity = model.events[draw.below(model.events.size())].identity;
        ingest(model, **seen, batch);
        model.durable = model.events.size();
        (*seen)->durable(model.durable);
    }
    ASSERT_TRUE((*seen)->settle());
    ASSERT_TRUE((*seen)->verify());
}

class SeenDamage : public ::testing::Test {
protected:
    void SetUp() override { configure_log(LogLevel::error, false); }
    void TearDown() override { configure_log(LogLevel::info, false); }
};

TEST_F(SeenDamage, AFlippedOrMissingPieceAnywhereChangesNoAnswer) {
    MemoryDisk whole;
    Model model;
    model.fan_out = 4;
    fill(whole, model, 255 * 7);  // runs of two levels, a filter, content hashes
    Draw draw(7);
    for (const auto& path : whole.all_files()) {
        const auto bytes = whole.content(path);
        // Every byte of the manifest and the headers, and one of every 211 of the rest; with CAIRN_DAMAGE_ALL all of
        // them.
        const std::size_t stride = path == manifest_path || std::getenv("CAIRN_DAMAGE_ALL") != nullptr ? 1 : 211;
        for (std::size_t at = 0; at < bytes.size() && !HasFailure(); at += at < 90 ? 1 : stride) {
            for (const bool cut : {false, true}) {
                if (cut && at % 16 != 0) continue;
                SCOPED_TRACE(path + (cut ? " cut at " : " flipped at ") + std::to_string(at));
                const auto disk = whole.copy();
                auto damaged = bytes;
                if (cut)
                    damaged.resize(at);
                else
                    damaged[at] = static_cast<char>(damaged[at] ^ 1 << draw.below(8));
                disk->set_content(path, damaged);
                Metrics metrics;
                auto seen = open(*disk, model, metrics);
                ASSERT_TRUE(seen) << seen.error().message;
                model.expect_all(**seen, model.events, false);
                const auto repaired = (*seen)->settle();
                ASSERT_TRUE(repaired) << repaired.error().message;
                model.expect_all(**seen, model.events);
                (void)(*seen)->verify();  // finds what no lookup has touched
                ASSERT_TRUE((*seen)->settle());
                const auto verified = (*seen)->verify();
                EXPECT_TRUE(verified) << verified.error().message;
            }
        }
    }
}

TEST_F(SeenDamage, WithoutAnyFileOrWithoutAllTheAnswersAreTheSame) {
    MemoryDisk whole;
    Model model;
    fill(whole, model, 5000);
    auto lost = whole.all_files();
    lost.push_back("");  // all of them
    for (const auto& path : lost) {
        SCOPED_TRACE(path);
        const auto disk = whole.copy();
        for (const auto& file : whole.all_files()) {
            if (!path.empty() && file != path) continue;
            ASSERT_TRUE(disk->remove(file));
        }
        Metrics metrics;
        auto seen = open(*disk, model, metrics);
        ASSERT_TRUE(seen) << seen.error().message;
        model.expect_everything(**seen, false);
        ASSERT_TRUE((*seen)->settle());
        model.expect_everything(**seen);
    }
}

TEST_F(SeenDamage, FilesOfAnotherPlaceAreNotTakenForOnesOwn) {
    MemoryDisk whole;
    Model model;
    fill(whole, model, 5000);
    const auto files = whole.all_files();
    for (const auto& path : files) {
        for (const auto& other : files) {
            if (other == path || path == manifest_path) continue;
            SCOPED_TRACE(path + " holds " + other);
            const auto disk = whole.copy();
            disk->set_content(path, whole.content(other));
            Metrics metrics;
            auto seen = open(*disk, model, metrics);
            ASSERT_TRUE(seen) << seen.error().message;
            model.expect_all(**seen, model.events, false);
        }
    }
}

TEST_F(SeenDamage, ANewerFormatIsRefused) {
    MemoryDisk disk;
    Model model;
    fill(disk, model, 3000);
    for (const auto& path : disk.all_files()) {
        SCOPED_TRACE(path);
        const auto copy = disk.copy();
        auto bytes = disk.content(path);
        store<std::uint32_t>(bytes.data() + 8, 2);
        if (path == manifest_path) {
            store<std::uint32_t>(bytes.data() + bytes.size() - 4, crc32c({bytes.data(), bytes.size() - 4}));
        } else if (path.ends_with(".content")) {
            continue;  // opened when needed; then its events are suspects
        } else {
            const auto id = load<std::uint64_t>(bytes.data() + 16);
            seal_page(bytes.data(), id, 0);
        }
        copy->set_content(path, bytes);
        Metrics metrics;
        const auto seen = open(*copy, model, metrics);
        ASSERT_FALSE(seen);
        EXPECT_EQ(seen.error().code, Code::invalid);
        EXPECT_NE(seen.error().message.find("newer"), std::string::npos) << seen.error().message;
    }
}

TEST_F(SeenDamage, AManifestNeverContradictsItself) {
    Manifest manifest;
    manifest.table_entries = 255;
    manifest.fan_out = 2;
    manifest.segments = {{2, 0, 510, 7, {{3, 0, 510}}}, {1, 510, 1020, 0, {{4, 510, 765}}}};
    manifest.contents = {{5, 0}, {6, 255}};
    ASSERT_TRUE(decode_manifest(encode_manifest(manifest)));
    auto overlapping = manifest;
    overlapping.segments[1].first = 255;
    auto outside = manifest;
    outside.segments[1].runs[0].end = 2000;
    auto disordered = manifest;
    std::swap(disordered.contents[0], disordered.contents[1]);
    for (const auto& wrong : {overlapping, outside, disordered}) EXPECT_FALSE(decode_manifest(encode_manifest(wrong)));

    auto no_version = encode_manifest(manifest);
    store<std::uint32_t>(no_version.data() + 8, 0);
    store<std::uint32_t>(no_version.data() + no_version.size() - 4, crc32c({no_version.data(), no_version.size() - 4}));
    EXPECT_EQ(decode_manifest(no_version).error().code, Code::corrupt);
}

}  // namespace
}  // namespace cairn::admit
