#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <pugixml.hpp>

#include "api/fake_engine.h"
#include "api/s3_call.h"
#include "backend/dir/dir_store.h"
#include "identity/authenticator.h"
#include "support/memory_disk.h"
#include "support/memory_meta_store.h"

namespace cairn::api::test {

inline const std::string home = "111122223333";
inline const std::string other = "444455556666";

/// An API with embedded buckets whose callers sign: the roots of two accounts, and users with policies.
class S3Test : public ::testing::Test {
protected:
    S3Test();

    /// A signed request; an empty `key` leaves it unsigned.
    net::Request request(const std::string& method, const std::string& target, const std::string& key = "root",
                         std::string body = {}, net::Headers headers = {}) const;
    Answer call(const std::string& method, const std::string& target, const std::string& key = "root",
                const std::string& body = {}, net::Headers headers = {});

    /// The target with a signature in its query.
    std::string presigned(const std::string& method, const std::string& target, const std::string& key = "root",
                          std::chrono::seconds expires = std::chrono::minutes(5)) const;

    /// Likewise, in version 2, for GET; `bucket` is the one that the host names.
    std::string presigned_v2(const std::string& target, const std::string& bucket = "", const std::string& key = "root",
                             std::chrono::seconds expires = std::chrono::minutes(5)) const;

    void make_bucket(const std::string& name, const std::string& account = home);
    void put(const std::string& key, const std::string& bytes = "x", const ObjectHeaders& headers = {},
             const std::string& bucket = "logs");
    void set_policy(const std::string& statements, const std::string& bucket = "logs");

    support::FakeClock clock_;
    support::MemoryMetaStore meta_;
    support::MemoryDisk disk_;
    std::unique_ptr<EmbeddedStore> objects_;
    neighbour::Buckets buckets_;
    S3Services services_;
    identity::Directory directory_;
    identity::Authenticator authenticator_;
    FakeEngine engine_;
};

/// The document of an answer.
pugi::xml_document xml_of(const Answer& answer);

/// The code of an S3 error with its status: "404 NoSuchKey".
std::string error_of(const Answer& answer);

/// The texts of all elements `name` below those called `parent`.
std::vector<std::string> texts(const Answer& answer, const char* parent, const char* name);

}  // namespace cairn::api::test
