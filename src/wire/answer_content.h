#pragma once

#include <string>
#include <string_view>

#include "wire/call_answer.h"

namespace cairn::wire {

/// The body of an answer without its Content-Encoding. Empty if it was not kept, is compressed otherwise than with
/// gzip, is damaged, or becomes longer than 16 MiB or a hundred times its size. The answer must outlive it.
class AnswerContent {
public:
    explicit AnswerContent(const CallAnswer& answer);
    AnswerContent(const AnswerContent&) = delete;
    AnswerContent& operator=(const AnswerContent&) = delete;

    std::string_view bytes() const { return bytes_; }

private:
    std::string inflated_;
    std::string_view bytes_;
};

}  // namespace cairn::wire
