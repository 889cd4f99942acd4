#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/metrics.h"
#include "base/uuid.h"
#include "support/fake_clock.h"
#include "support/memory_disk.h"
#include "view/history/catalog.h"
#include "view/history/history.h"
#include "view/history/memory_log.h"
#include "view/history/order.h"

namespace cairn::history::test {

inline constexpr const char* folder = "view/history";

/// Makes records of a small invented world, in which everything happens often: equal times, equal id prefixes, late
/// arrivals, events with several resources, repeated eventIDs.
class Generator {
public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}

    std::uint64_t draw(std::uint64_t below) { return random_() % below; }

    std::string record() {
        static constexpr const char* categories[] = {"Management", "Management", "Data", "NetworkActivity", "Insight"};
        const auto name = pick({"ConsoleLogin", "RunInstances", "GetObject", "PutObject", "CreateRole", "AssumeRole"});
        now_ms_ += draw(3) * 250;
        const auto time = now_ms_ - (draw(10) == 0 ? static_cast<std::int64_t>(draw(400'000)) : 0);
        std::string record = R"({"eventVersion":"1.08","userIdentity":{"type":"IAMUser","accountId":")" + account() +
                             R"(","accessKeyId":"AKIA)" + std::to_string(draw(9)) + R"(","userName":"user)" +
                             std::to_string(draw(7)) + R"("},"eventTime":")" +
                             format_time(from_milliseconds(draw(2) ? time / 1000 * 1000 : time)) +
                             R"(","eventSource":")" + pick({"ec2", "iam", "s3"}) + R"(.amazonaws.com","eventName":")" +
                             name + R"(","awsRegion":")" + region() + R"(","sourceIPAddress":"10.0.0.)" +
                             std::to_string(draw(5)) + R"(","readOnly":)" + (draw(2) ? "true" : "false");
        if (draw(4) == 0) record += R"(,"errorCode":"AccessDenied")";
        record += R"(,"requestParameters":{"bucketName":"bucket)" + std::to_string(draw(6)) + R"(","note":")" + note() +
                  R"("})";
        record += R"(,"resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::bucket)" + std::to_string(draw(6)) +
                  R"("},{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::bucket)" + std::to_string(draw(6)) + R"("}])";
        record += R"(,"requestID":")" + uuid() + R"(","eventID":")" + event_id() +
                  R"(","eventType":"AwsApiCall","eventCategory":")" + categories[draw(5)] +
                  R"(","recipientAccountId":")" + account() + "\"}";
        return record;
    }

    std::vector<std::string> records(std::size_t count) {
        std::vector<std::string> records;
        for (std::size_t i = 0; i < count; ++i) records.push_back(record());
        return records;
    }

    std::string account() { return pick({"111111111111", "111111111111", "222222222222"}); }
    std::string region() { return pick({"us-east-1", "us-east-1", "eu-west-1"}); }

private:
    std::string pick(std::initializer_list<const char*> values) { return values.begin()[draw(values.size())]; }

    std::string uuid() {
        Uuid uuid;
        for (auto& byte : uuid.bytes) byte = static_cast<unsigned char>(random_());
        return format_uuid(uuid);
    }

    std::string note() { return draw(20) == 0 ? "NeedLe in the hay" : "hay " + std::to_string(draw(1'000'000)); }

    std::string event_id() {
        switch (draw(8)) {
            case 0: return "same-prefix-" + std::to_string(draw(1'000'000));  // tells nothing in its first 8 bytes
            case 1: return "0000" + uuid();                                   // nor in its first 4
            case 2: return "seen-before-" + std::to_string(draw(40));
            default: return uuid();
        }
    }

    std::mt19937_64 random_;
    std::int64_t now_ms_ = 1'700'000'000'000;
};

/// What the oracle knows of an event.
struct Known {
    std::uint64_t number = 0;
    std::string record;
    Position position;
    std::string account, region;
    Category category = Category::management;
};

struct NamedQuery {
    std::string text;
    match::Query query;
};

inline match::Query query_of(const std::string& text) {
    auto query = match::Query::parse(text);
    if (!query) ADD_FAILURE() << text << ": " << query.error().message;
    return *query;
}

/// A history over a log in memory, and a plain list of the same events to compare with.
class World {
public:
    explicit World(std::uint64_t seed = 1) : generator(seed) {
        options.head_events = 64;
        options.file_events[0] = 256;
        options.file_events[1] = 1024;
        options.file_events[2] = 4096;
    }

    void open() {
        history.reset();
        auto opened = History::open({*disk, folder, log, {}, clock, metrics}, options);
        ASSERT_TRUE(opened) << opened.error().message;
        history = std::move(*opened);
    }

    /// Stores events, and publishes them when a history is open.
    void add(std::size_t count) { add(generator.records(count)); }
    void add(const std::vector<std::string>& records, bool publish = true) {
        const auto first = log.add(records, 1 + generator.draw(20));
        IndexBatch batch;
        RecordParser parser;
        for (std::size_t i = 0; i < records.size(); ++i) {
            auto padded = records[i];
            padded.reserve(padded.size() + RecordParser::padding);
            const auto event = parser.parse(padded);
            ASSERT_TRUE(event) << event.error().message;
            batch.add(**event, first + i);
            known.push_back({first + i,
                             records[i],
                             {to_milliseconds((*event)->time), std::string(order_id((*event)->event_id)), first + i},
                             std::string((*event)->account),
                             std::string((*event)->region),
                             (*event)->category});
        }
        if (history && publish) history->publish(batch);
    }

    /// The numbers that a search must find, in order.
    std::vector<std::uint64_t> expected(const Search& search) {
        std::vector<const Known*> found;
        RecordParser parser;
        for (const auto& event : known) {
            if (!log.holds(event.number) || event.number >= search.until.value_or(event.number + 1)) continue;
            if (!search.scope.admits(event.account, event.region)) continue;
            if (!search.categories.empty() &&
                std::ranges::find(search.categories, event.category) == search.categories.end())
                continue;
            const auto time = from_milliseconds(event.position.time_ms);
            if ((search.from && time < *search.from) || (search.to && time > *search.to)) continue;
            auto padded = event.record;
            padded.reserve(padded.size() + RecordParser::padding);
            if (!search.query.matches(**parser.parse(padded))) continue;
            found.push_back(&event);
        }
        std::ranges::sort(found, [&](const Known* one, const Known* other) {
            return search.oldest_first ? one->position < other->position : one->position > other->position;
        });
        std::vector<std::uint64_t> numbers;
        for (const auto* event : found) numbers.push_back(event->number);
        return numbers;
    }

    /// All pages of a search.
    std::vector<std::uint64_t> found(Search search) {
        std::vector<std::uint64_t> numbers;
        do {
            const auto page = history->search(search);
            if (!page) {
                ADD_FAILURE() << page.error().message;
                break;
            }
            EXPECT_LE(page->events.size(), search.limit);
            for (const auto& event : page->events) {
                numbers.push_back(event.number);
                EXPECT_EQ(event.record, known.at(event.number).record);
                EXPECT_EQ(to_milliseconds(event.time), known.at(event.number).position.time_ms);
            }
            search.token = page->token;
        } while (!search.token.empty());
        return numbers;
    }

    Search random_search() {
        Search search = {.scope = Scope::all(),
                         .categories = {},
                         .from = {},
                         .to = {},
                         .query = query_of(random_query()),
                         .oldest_first = generator.draw(3) == 0,
                         .limit = 1 + generator.draw(60),
                         .token = {}};
        switch (generator.draw(4)) {
            case 0: break;
            case 1: search.scope = Scope::of(generator.account(), ""); break;
            default: search.scope = Scope::of(generator.account(), generator.region());
        }
        if (generator.draw(3) == 0) search.categories = {Category::management, Category::data};
        if (generator.draw(6) == 0) search.categories = {Category::insight};
        if (generator.draw(3) == 0) search.from = random_time();
        if (generator.draw(3) == 0) search.to = random_time();
        if (generator.draw(5) == 0) search.until = generator.draw(known.size() + 50);
        return search;
    }

    void expect_random_searches(int count) {
        for (int i = 0; i < count; ++i) {
            const auto search = random_search();
            SCOPED_TRACE(last_query + (search.oldest_first ? " oldest first" : ""));
            ASSERT_EQ(found(search), expected(search));
        }
    }

    /// The names that the folder ends up with when all merging is done.
    std::vector<std::string> final_files() const {
        const auto tiers = Tiers::of(options.head_events, options.file_events);
        std::vector<std::string> names;
        std::uint64_t at = 0;
        const auto end = log.end() == 0 ? 0 : (log.end() - 1) / tiers.widths[0] * tiers.widths[0];
        while (at < end) {
            auto tier = tiers.widths.size();
            while (--tier > 0 && (at % tiers.widths[tier] != 0 || at + tiers.widths[tier] > end)) {
            }
            names.push_back(file_name({at, at + tiers.widths[tier]}));
            at += tiers.widths[tier];
        }
        return names;
    }

    /// Waits until sealing and merging have nothing more to do.
    void settle() {
        for (const auto wanted = final_files(); files() != wanted;)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    std::vector<std::string> files() const {
        const auto names = disk->list(folder);
        return names ? *names : std::vector<std::string>();
    }

    std::unique_ptr<support::MemoryDisk> disk = std::make_unique<support::MemoryDisk>();
    MemoryLog log;
    support::FakeClock clock;
    Metrics metrics;
    HistoryOptions options;
    Generator generator;
    std::deque<Known> known;
    std::unique_ptr<History> history;
    std::string last_query;

private:
    Time random_time() {
        return from_milliseconds(known.empty() ? 0 : known[generator.draw(known.size())].position.time_ms);
    }

    std::string random_query() {
        const auto number = [&](std::uint64_t below) { return std::to_string(generator.draw(below)); };
        const auto any_id = [&] {
            return known.empty() ? std::string("none") : known[generator.draw(known.size())].position.event_id;
        };
        switch (generator.draw(18)) {
            case 0: last_query = ""; break;
            case 1: last_query = "eventName=GetObject"; break;
            case 2: last_query = "user=user" + number(8); break;
            case 3: last_query = "eventID=\"" + any_id() + "\""; break;
            case 4: last_query = "resource=arn:aws:s3:::bucket" + number(7); break;
            case 5: last_query = "readOnly=true"; break;
            case 6: last_query = "eventName=PutObject user=user" + number(7) + " readOnly=false"; break;
            case 7: last_query = "accessKey in (AKIA1, AKIA2, AKIA77) errorCode=AccessDenied"; break;
            case 8: last_query = "resource in (bucket1, bucket2, arn:aws:s3:::bucket3)"; break;
            case 9: last_query = "-errorCode=AccessDenied sourceIP=10.0.0." + number(6); break;
            case 10: last_query = "eventName=NoSuchName"; break;
            case 11: last_query = "\"needle\""; break;
            case 12: last_query = "\"HAY " + number(10) + "\""; break;
            case 13: last_query = "\"" + any_id() + "\""; break;
            case 14: last_query = "\"needle\" or \"no such text\" or user:er" + number(10); break;
            case 15: last_query = "eventName=GetObject \"needle\""; break;
            case 16: last_query = "-\"hay 1\" -readOnly=true"; break;
            default: last_query = "eventSource=s3.amazonaws.com -readOnly=true"; break;
        }
        return last_query;
    }
};

}  // namespace cairn::history::test
