#include "journal/dictionary_store.h"

#include <gtest/gtest.h>

#include "support/memory_disk.h"

namespace cairn::journal {
namespace {

DictionaryPointer some_dictionary(char letter) {
    return std::make_shared<Dictionary>(std::string(300, letter) + "eventVersion eventTime");
}

TEST(DictionaryStore, KeepsDictionariesAcrossRestarts) {
    support::MemoryDisk disk;
    const auto first = some_dictionary('a'), second = some_dictionary('b');
    {
        const auto store = DictionaryStore::open(disk, "log").value();
        EXPECT_EQ(store->newest(), nullptr);
        ASSERT_TRUE(store->add(first));
        ASSERT_TRUE(store->add(second));
        ASSERT_TRUE(store->add(first));
        EXPECT_EQ(store->newest()->id(), second->id());
    }
    disk.crash();
    const auto store = DictionaryStore::open(disk, "log").value();
    ASSERT_NE(store->find(first->id()), nullptr);
    EXPECT_EQ(store->find(first->id())->bytes(), first->bytes());
    EXPECT_EQ(store->newest()->id(), second->id());
    EXPECT_EQ(store->find(12345), nullptr);
    EXPECT_EQ(store->finder()(second->id())->id(), second->id());
}

TEST(DictionaryStore, DamageAnywhereIsSeen) {
    const auto file = encode_dictionary_file(*some_dictionary('a'), 3);
    ASSERT_TRUE(read_dictionary_file(file, "x"));
    for (std::size_t at = 0; at < file.size(); ++at) {
        auto bytes = file;
        bytes[at] ^= 1;
        EXPECT_FALSE(read_dictionary_file(bytes, "x")) << at;
        EXPECT_FALSE(read_dictionary_file(file.substr(0, at), "x")) << at;
    }
}

}  // namespace
}  // namespace cairn::journal
