#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "cli/sample_draw.h"

namespace cairn::cli {

/// Who makes calls in the made-up company; bits, so that an event can name several.
enum ActorKind : unsigned {
    cli_user = 1,        ///< an IAM user with an access key
    console_user = 2,    ///< an IAM user in the web console
    sso_user = 4,        ///< an engineer through single sign-on
    pipeline = 8,        ///< the deployment role of a build server
    instance_role = 16,  ///< software on an EC2 instance
    function_role = 32,  ///< a Lambda function
    root_user = 64,
    aws_service = 128,      ///< a service on its own account
    through_service = 256,  ///< CloudFormation or Auto Scaling for somebody

    people = cli_user | console_user | sso_user,
    builders = people | pipeline,
    machines = instance_role | function_role,
    anybody = people | pipeline | machines,
};

struct Actor {
    ActorKind kind = cli_user;
    Json identity;          ///< userIdentity
    std::string arn, name;  ///< name: as LookupEvents calls the user
    std::string address, agent;
    bool console = false;  ///< the console's own session
    bool tls = false;      ///< the caller's connection ended at the service
};

/// One actor of one of `kinds` as it acts at `time`. `user` forces an IAM user with this name.
Actor draw_actor(Draw& draw, unsigned kinds, const std::string& account, const std::string& region, Time time,
                 std::string_view user = {});

/// The user agent of a web browser.
std::string draw_browser(Draw& draw);

/// A name of the company's IAM users, and the unique id that belongs to a name ("AIDA...").
std::string_view draw_user_name(Draw& draw);
std::string unique_id(std::string_view prefix, std::string_view account, std::string_view name);

}  // namespace cairn::cli
