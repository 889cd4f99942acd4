#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "journal/test_journal.h"

// A whole log as the first version wrote it: later ones must read it for ever. CAIRN_WRITE_GOLDEN=1 writes it anew.

namespace cairn::journal {
namespace {

const std::filesystem::path golden = CAIRN_SOURCE_DIR "/tests/journal/golden/v1";

class Golden : public JournalTest {
protected:
    Golden() { options_.journal_file_bytes = 8192; }
};

TEST_F(Golden, TheFirstVersionIsRead) {
    if (std::getenv("CAIRN_WRITE_GOLDEN") != nullptr) {
        open();
        append(3);
        append(2, true, RetentionClass::data);
        ASSERT_TRUE(log_->seal());
        clock_.advance(std::chrono::hours(24));
        append(2, false);
        ASSERT_TRUE(log_->seal());
        append(1);
        log_.reset();
        std::filesystem::remove_all(golden);
        for (const auto& path : disk_->all_files()) {
            std::filesystem::create_directories((golden / path).parent_path());
            std::ofstream(golden / path, std::ios::binary) << disk_->content(path);
        }
    }
    disk_ = std::make_unique<support::MemoryDisk>();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(golden)) {
        if (!entry.is_regular_file()) continue;
        std::ostringstream bytes;
        bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
        disk_->set_content(std::filesystem::relative(entry.path(), golden).string(), bytes.str());
    }
    expect_sound(8);
    open();
    expect_all(0, 8);
    EXPECT_TRUE(log_->findings().empty());
    append(1);
    expect_all(0, 9);
}

}  // namespace
}  // namespace cairn::journal
