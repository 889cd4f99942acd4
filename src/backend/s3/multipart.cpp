#include "backend/s3/multipart.h"

#include <algorithm>

#include "backend/s3/answers.h"

namespace cairn::s3 {

namespace {

constexpr std::size_t parts_max = 10'000;

class Upload {
public:
    Upload(Client& client, const std::string& bucket, const std::string& key, std::string id)
        : client_(client), bucket_(bucket), key_(key), id_(std::move(id)) {}

    Result<std::string> run(std::string_view bytes) {
        const auto part_bytes = std::max(client_.options().part_bytes, (bytes.size() + parts_max - 1) / parts_max);
        for (std::size_t begin = 0; begin < bytes.size(); begin += part_bytes)
            CAIRN_TRY(put_part(bytes.substr(begin, part_bytes)));
        return complete(bytes.size());
    }

    void abort() {
        // Best effort: a rule of the bucket's lifecycle takes away what stays.
        (void)client_.perform({.method = "DELETE", .bucket = bucket_, .key = key_, .query = {{"uploadId", id_}}});
    }

private:
    Result<void> put_part(std::string_view part) {
        const auto number = std::to_string(etags_.size() + 1);
        const auto response = client_.perform({.method = "PUT",
                                               .bucket = bucket_,
                                               .key = key_,
                                               .query = {{"partNumber", number}, {"uploadId", id_}},
                                               .body = part});
        if (!response) return fail(response.error());
        etags_.push_back(unquoted(response->find("etag")));
        return {};
    }

    Result<std::string> complete(std::size_t size) {
        const auto xml = completion_xml(etags_);
        const auto response = client_.perform({.method = "POST",
                                               .bucket = bucket_,
                                               .key = key_,
                                               .query = {{"uploadId", id_}},
                                               .headers = {{"Content-Type", "application/xml"}},
                                               .body = xml});
        if (response) return read_completion(*response);
        // An attempt whose answer was lost may have been the one that did it.
        if (!response.error().message.starts_with("NoSuchUpload: ")) return fail(response.error());
        const auto head = client_.perform({.method = "HEAD", .bucket = bucket_, .key = key_});
        const auto info = head ? read_info(*head) : fail(head.error());
        const bool ours = info && info->size == size && info->etag.ends_with("-" + std::to_string(etags_.size()));
        return ours ? Result<std::string>(info->etag) : fail(response.error());
    }

    Client& client_;
    const std::string &bucket_, &key_;
    const std::string id_;
    std::vector<std::string> etags_;
};

}  // namespace

Result<std::string> put_in_parts(Client& client, const std::string& bucket, const std::string& key,
                                 std::string_view bytes, net::Headers headers) {
    const auto begun = client.perform(
        {.method = "POST", .bucket = bucket, .key = key, .query = {{"uploads", ""}}, .headers = std::move(headers)});
    if (!begun) return fail(begun.error());
    auto id = read_upload_id(begun->body);
    if (!id) return fail(id.error());
    Upload upload(client, bucket, key, std::move(*id));
    auto done = upload.run(bytes);
    if (!done) upload.abort();
    return done;
}

}  // namespace cairn::s3
