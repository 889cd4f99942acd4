#pragma once

#include <string_view>

namespace cairn::neighbour {

/// The accounts of CloudTrail in each Region, which bucket policies named before there was a service principal
/// (CloudTrail user guide, "CloudTrail supported Regions", until 2023). Policies that name them still count; which
/// Region an event is of makes no difference.
inline constexpr std::string_view trail_accounts[] = {
    "525921808201",  // af-south-1
    "119688915426",  // ap-east-1
    "216624486486",  // ap-northeast-1
    "492519147666",  // ap-northeast-2
    "765225791966",  // ap-northeast-3
    "977081816279",  // ap-south-1
    "582488909970",  // ap-south-2
    "903692715234",  // ap-southeast-1
    "284668455005",  // ap-southeast-2
    "069019280451",  // ap-southeast-3
    "187074758985",  // ap-southeast-4
    "819402241893",  // ca-central-1
    "035351147821",  // eu-central-1
    "453052556044",  // eu-central-2
    "829690693026",  // eu-north-1
    "669305197877",  // eu-south-1
    "757211635381",  // eu-south-2
    "859597730677",  // eu-west-1
    "282025262664",  // eu-west-2
    "262312530599",  // eu-west-3
    "683224464357",  // il-central-1
    "585772288577",  // me-central-1
    "034638983726",  // me-south-1
    "814480443879",  // sa-east-1
    "086441151436",  // us-east-1
    "475085895292",  // us-east-2
    "388731089494",  // us-west-1
    "113285607260",  // us-west-2
};

}  // namespace cairn::neighbour
