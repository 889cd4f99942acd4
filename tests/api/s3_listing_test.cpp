#include "api/s3_listing.h"

#include <algorithm>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/s3_fixture.h"
#include "sign/text.h"

using namespace cairn;
using namespace cairn::api;
using namespace cairn::api::test;

namespace {

std::string encoded(const std::string& text) {
    std::string out;
    sign::append_encoded(out, text);
    return out;
}

class S3Listing : public S3Test {
protected:
    S3Listing() { make_bucket("logs"); }

    static std::string text(const Answer& answer, const char* name) {
        return xml_of(answer).document_element().child(name).text().get();
    }

    /// Keys and common prefixes of an answer, merged.
    static std::vector<std::string> names(const Answer& answer, const char* entries = "Contents") {
        auto found = texts(answer, entries, "Key");
        for (auto& prefix : texts(answer, "CommonPrefixes", "Prefix")) found.push_back(std::move(prefix));
        std::ranges::sort(found);
        return found;
    }

    /// All pages, each form going on as its clients do.
    std::vector<std::string> pages(const std::string& query, bool second, int page_size) {
        std::vector<std::string> all;
        std::string more;
        for (int page = 0; page < 200; ++page) {
            const auto answer = call(
                "GET", fmt::format("/logs?max-keys={}{}{}{}", page_size, second ? "&list-type=2" : "", query, more));
            EXPECT_EQ(answer.response.status, 200) << answer.response.body;
            const auto found = names(answer);
            EXPECT_LE(found.size(), static_cast<std::size_t>(page_size));
            all.insert(all.end(), found.begin(), found.end());
            if (text(answer, "IsTruncated") == "false") return all;
            if (second) {
                more = "&continuation-token=" + encoded(text(answer, "NextContinuationToken"));
            } else {
                const auto marker = text(answer, "NextMarker");
                more = "&marker=" + encoded(marker.empty() ? found.back() : marker);
            }
        }
        ADD_FAILURE() << "pages without end";
        return all;
    }
};

/// What a listing is, written down the slow way.
std::vector<std::string> model(const std::set<std::string>& keys, const std::string& prefix,
                               const std::string& delimiter, const std::string& after) {
    std::set<std::string> found;
    for (const auto& key : keys) {
        if (!key.starts_with(prefix)) continue;
        const auto end = delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
        const auto name = end == std::string::npos ? key : key.substr(0, end + delimiter.size());
        if (name > after) found.insert(name);
    }
    return {found.begin(), found.end()};
}

TEST_F(S3Listing, IsThatOfTheModelWhateverThePageSize) {
    std::mt19937 random(20261128);
    std::set<std::string> keys;
    while (keys.size() < 60) {
        static constexpr const char* pieces[] = {"a", "b", "/", "//", "-", "0", " ", "+", "%", "\xc3\xa4"};
        std::string key;
        for (auto length = 1 + random() % 6; length > 0; --length) key += pieces[random() % std::size(pieces)];
        keys.insert(key);
    }
    for (const auto& key : keys) put(key);
    for (const std::string prefix : {"", "a", "a/", "b-", "/", "\xc3\xa4", "none"})
        for (const std::string delimiter : {"", "/", "a", "//"})
            for (const int page_size : {1, 2, 7, 1000})
                for (const bool second : {false, true}) {
                    SCOPED_TRACE(fmt::format("prefix '{}' delimiter '{}' page {} form {}", prefix, delimiter, page_size,
                                             second ? 2 : 1));
                    const auto query = fmt::format("&prefix={}&delimiter={}", encoded(prefix), encoded(delimiter));
                    EXPECT_EQ(pages(query, second, page_size), model(keys, prefix, delimiter, ""));
                }
    for (const std::string after : {"a", "a/", "a/b", "b", "b//", "\xc3\xa4"})
        for (const std::string delimiter : {"", "/"}) {
            SCOPED_TRACE(after + " " + delimiter);
            const auto from = [&](const char* parameter) {
                return fmt::format("&delimiter={}&{}={}", encoded(delimiter), parameter, encoded(after));
            };
            EXPECT_EQ(names(call("GET", "/logs?list-type=2" + from("start-after"))), model(keys, "", delimiter, after));
            EXPECT_EQ(names(call("GET", "/logs?" + from("marker"))), model(keys, "", delimiter, after));
        }
}

TEST_F(S3Listing, WhatAnAnswerHolds) {
    put("a/1", "12345");
    put("b", "1");
    const auto first = call("GET", "/logs?delimiter=/&max-keys=1");
    EXPECT_EQ(text(first, "Name"), "logs");
    EXPECT_EQ(text(first, "MaxKeys"), "1");
    EXPECT_EQ(text(first, "IsTruncated"), "true");
    EXPECT_EQ(text(first, "NextMarker"), "a/");
    EXPECT_EQ(text(first, "Delimiter"), "/");
    const auto all = call("GET", "/logs");
    EXPECT_EQ(texts(all, "Contents", "Size"), (std::vector<std::string>{"5", "1"}));
    EXPECT_EQ(texts(all, "Contents", "LastModified").at(0), "2026-01-02T04:00:00.000Z");
    EXPECT_EQ(texts(all, "Contents", "ETag").at(1), "\"c4ca4238a0b923820dcc509a6f75849b\"");
    EXPECT_EQ(texts(all, "Contents", "StorageClass").at(0), "STANDARD");
    EXPECT_NE(all.response.body.find("<Owner>"), std::string::npos);
    EXPECT_EQ(text(call("GET", "/logs?max-keys=1"), "NextMarker"), "") << "only with a delimiter";

    const auto second = call("GET", "/logs?list-type=2&start-after=a");
    EXPECT_EQ(text(second, "KeyCount"), "2");
    EXPECT_EQ(text(second, "StartAfter"), "a");
    EXPECT_EQ(second.response.body.find("<Owner>"), std::string::npos);
    EXPECT_NE(call("GET", "/logs?list-type=2&fetch-owner=true").response.body.find("<Owner>"), std::string::npos);
    EXPECT_EQ(text(call("GET", "/logs?list-type=2&max-keys=0"), "KeyCount"), "0");
    EXPECT_EQ(text(call("GET", "/logs?max-keys=0"), "IsTruncated"), "false");
    EXPECT_EQ(text(call("GET", "/logs?max-keys=5000"), "MaxKeys"), "5000");
}

TEST_F(S3Listing, KeysAreEncodedWhenAskedFor) {
    const std::string key = "a b+c/%\xc3\xa4&<";
    put(key);
    EXPECT_EQ(texts(call("GET", "/logs"), "Contents", "Key"), std::vector<std::string>{key});
    const auto answer = call("GET", "/logs?encoding-type=url&prefix=a%20b");
    EXPECT_EQ(texts(answer, "Contents", "Key"), std::vector<std::string>{"a%20b%2Bc/%25%C3%A4%26%3C"});
    EXPECT_EQ(text(answer, "Prefix"), "a%20b");
    EXPECT_EQ(text(answer, "EncodingType"), "url");
    EXPECT_EQ(texts(call("GET", "/logs?encoding-type=url&delimiter=%2B"), "CommonPrefixes", "Prefix"),
              std::vector<std::string>{"a%20b%2B"});
}

TEST_F(S3Listing, WrongParameters) {
    EXPECT_EQ(error_of(call("GET", "/logs?versions&version-id-marker=null")), "400 InvalidArgument");
    for (const char* query : {"max-keys=-1", "max-keys=x", "max-keys=2147483648", "max-keys=1x", "encoding-type=base64",
                              "list-type=2&continuation-token=", "list-type=2&continuation-token=***"})
        EXPECT_EQ(error_of(call("GET", std::string("/logs?") + query)), "400 InvalidArgument") << query;
    EXPECT_EQ(error_of(call("GET", "/none?list-type=2")), "404 NoSuchBucket");
}

TEST_F(S3Listing, EveryObjectIsItsOnlyVersion) {
    for (const char* key : {"a", "b/1", "b/2", "c"}) put(key);
    const auto all = call("GET", "/logs?versions");
    EXPECT_EQ(names(all, "Version"), (std::vector<std::string>{"a", "b/1", "b/2", "c"}));
    EXPECT_EQ(texts(all, "Version", "VersionId").at(0), "null");
    const auto page = call("GET", "/logs?versions&delimiter=/&max-keys=2");
    EXPECT_EQ(names(page, "Version"), (std::vector<std::string>{"a", "b/"}));
    EXPECT_EQ(text(page, "NextKeyMarker"), "b/");
    EXPECT_EQ(names(call("GET", "/logs?versions&delimiter=/&key-marker=b/"), "Version"), std::vector<std::string>{"c"});
}

}  // namespace
