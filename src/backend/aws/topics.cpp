#include "backend/aws/topics.h"

#include "sign/text.h"

namespace cairn::aws {

Result<void> Topics::publish(const std::string& topic_arn, const std::string& message, const std::string&) {
    std::string form = "Action=Publish&Version=2010-03-31&TopicArn=";
    sign::append_encoded(form, topic_arn);
    form += "&Message=";
    sign::append_encoded(form, message);
    const auto sent = client_.query_call(topic_arn, form);
    return sent ? Result<void>() : fail(sent.error());
}

}  // namespace cairn::aws
