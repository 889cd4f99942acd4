#include "wire/errors.h"

#include <algorithm>
#include <iterator>

namespace cairn::wire {

namespace {

constexpr ErrorKind table[] = {
    // Common to all services (AWS General Reference, "Common errors").
    {"AccessDeniedException", 400, 403, "AccessDenied"},
    {"ExpiredTokenException", 400, 403, "ExpiredToken"},
    {"IncompleteSignatureException", 400, 400, "IncompleteSignature"},
    {"InvalidAction", 400, 400, "InvalidAction"},
    {"InternalFailure", 500, 500, "InternalFailure"},
    {"InvalidSignatureException", 400, 403, "SignatureDoesNotMatch"},
    {"MalformedHttpRequestException", 400, 400, "MalformedHttpRequest"},
    {"MissingAction", 400, 400, "MissingAction"},
    {"MissingAuthenticationTokenException", 400, 403, "MissingAuthenticationToken"},
    {"RequestEntityTooLargeException", 413, 413, "RequestEntityTooLarge"},
    {"RequestTimeoutException", 408, 408, "RequestTimeout"},
    {"SerializationException", 400, 400, "MalformedInput"},
    {"ServiceUnavailable", 503, 503, "ServiceUnavailable"},
    {"ThrottlingException", 400, 400, "Throttling"},
    {"UnknownOperationException", 400, 404, "InvalidAction"},
    {"UnrecognizedClientException", 400, 403, "InvalidClientTokenId"},
    {"ValidationException", 400, 400, "ValidationError"},
    // Of the CloudTrail models.
    {"AccountHasOngoingImportException", 400, 400, "AccountHasOngoingImport"},
    {"AccountNotFoundException", 400, 400, "AccountNotFound"},
    {"AccountNotRegisteredException", 400, 400, "AccountNotRegistered"},
    {"AccountRegisteredException", 400, 400, "AccountRegistered"},
    {"CannotDelegateManagementAccountException", 400, 400, "CannotDelegateManagementAccount"},
    {"ChannelARNInvalidException", 400, 400, "ChannelARNInvalid"},
    {"ChannelAlreadyExistsException", 400, 400, "ChannelAlreadyExists"},
    {"ChannelExistsForEDSException", 400, 400, "ChannelExistsForEDS"},
    {"ChannelMaxLimitExceededException", 400, 400, "ChannelMaxLimitExceeded"},
    {"ChannelNotFoundException", 400, 400, "ChannelNotFound"},
    {"CloudTrailARNInvalidException", 400, 400, "CloudTrailARNInvalid"},
    {"CloudTrailAccessNotEnabledException", 400, 400, "CloudTrailAccessNotEnabled"},
    {"CloudTrailInvalidClientTokenIdException", 400, 400, "CloudTrailInvalidClientTokenId"},
    {"CloudWatchLogsDeliveryUnavailableException", 400, 400, "CloudWatchLogsDeliveryUnavailable"},
    {"ConcurrentModificationException", 400, 400, "ConcurrentModification"},
    {"ConflictException", 400, 400, "ConflictException"},
    {"DelegatedAdminAccountLimitExceededException", 400, 400, "DelegatedAdminAccountLimitExceeded"},
    {"EventDataStoreARNInvalidException", 400, 400, "EventDataStoreARNInvalid"},
    {"EventDataStoreAlreadyExistsException", 400, 400, "EventDataStoreAlreadyExists"},
    {"EventDataStoreFederationEnabledException", 400, 400, "EventDataStoreFederationEnabled"},
    {"EventDataStoreHasOngoingImportException", 400, 400, "EventDataStoreHasOngoingImport"},
    {"EventDataStoreMaxLimitExceededException", 400, 400, "EventDataStoreMaxLimitExceeded"},
    {"EventDataStoreNotFoundException", 400, 400, "EventDataStoreNotFound"},
    {"EventDataStoreTerminationProtectedException", 400, 400, "EventDataStoreTerminationProtectedException"},
    {"GenerateResponseException", 400, 400, "GenerateResponse"},
    {"ImportNotFoundException", 400, 400, "ImportNotFound"},
    {"InactiveEventDataStoreException", 400, 400, "InactiveEventDataStore"},
    {"InactiveQueryException", 400, 400, "InactiveQuery"},
    {"InsightNotEnabledException", 400, 400, "InsightNotEnabled"},
    {"InsufficientDependencyServiceAccessPermissionException", 400, 400,
     "InsufficientDependencyServiceAccessPermission"},
    {"InsufficientEncryptionPolicyException", 400, 400, "InsufficientEncryptionPolicy"},
    {"InsufficientIAMAccessPermissionException", 400, 400, "InsufficientIAMAccessPermissionException"},
    {"InsufficientS3BucketPolicyException", 400, 400, "InsufficientS3BucketPolicy"},
    {"InsufficientSnsTopicPolicyException", 400, 400, "InsufficientSnsTopicPolicy"},
    {"InvalidCloudWatchLogsLogGroupArnException", 400, 400, "InvalidCloudWatchLogsLogGroupArn"},
    {"InvalidCloudWatchLogsRoleArnException", 400, 400, "InvalidCloudWatchLogsRoleArn"},
    {"InvalidDateRangeException", 400, 400, "InvalidDateRange"},
    {"InvalidEventCategoryException", 400, 400, "InvalidEventCategory"},
    {"InvalidEventDataStoreCategoryException", 400, 400, "InvalidEventDataStoreCategory"},
    {"InvalidEventDataStoreStatusException", 400, 400, "InvalidEventDataStoreStatus"},
    {"InvalidEventSelectorsException", 400, 400, "InvalidEventSelectors"},
    {"InvalidHomeRegionException", 400, 400, "InvalidHomeRegion"},
    {"InvalidImportSourceException", 400, 400, "InvalidImportSource"},
    {"InvalidInsightSelectorsException", 400, 400, "InvalidInsightSelectors"},
    {"InvalidKmsKeyIdException", 400, 400, "InvalidKmsKeyId"},
    {"InvalidLookupAttributesException", 400, 400, "InvalidLookupAttributes"},
    {"InvalidMaxResultsException", 400, 400, "InvalidMaxResults"},
    {"InvalidNextTokenException", 400, 400, "InvalidNextToken"},
    {"InvalidParameterCombinationException", 400, 400, "InvalidParameterCombinationError"},
    {"InvalidParameterException", 400, 400, "InvalidParameter"},
    {"InvalidQueryStatementException", 400, 400, "InvalidQueryStatement"},
    {"InvalidQueryStatusException", 400, 400, "InvalidQueryStatus"},
    {"InvalidS3BucketNameException", 400, 400, "InvalidS3BucketName"},
    {"InvalidS3PrefixException", 400, 400, "InvalidS3Prefix"},
    {"InvalidSnsTopicNameException", 400, 400, "InvalidSnsTopicName"},
    {"InvalidSourceException", 400, 400, "InvalidSource"},
    {"InvalidTagParameterException", 400, 400, "InvalidTagParameter"},
    {"InvalidTimeRangeException", 400, 400, "InvalidTimeRange"},
    {"InvalidTokenException", 400, 400, "InvalidToken"},
    {"InvalidTrailNameException", 400, 400, "InvalidTrailName"},
    {"KmsException", 400, 400, "KmsException"},
    {"KmsKeyDisabledException", 400, 400, "KmsKeyDisabled"},
    {"KmsKeyNotFoundException", 400, 400, "KmsKeyNotFound"},
    {"MaxConcurrentQueriesException", 400, 400, "MaxConcurrentQueries"},
    {"MaximumNumberOfTrailsExceededException", 400, 400, "MaximumNumberOfTrailsExceeded"},
    {"NoManagementAccountSLRExistsException", 400, 400, "NoManagementAccountSLRExists"},
    {"NotOrganizationManagementAccountException", 400, 400, "NotOrganizationManagementAccount"},
    {"NotOrganizationMasterAccountException", 400, 400, "NotOrganizationMasterAccount"},
    {"OperationNotPermittedException", 400, 400, "OperationNotPermitted"},
    {"OrganizationNotInAllFeaturesModeException", 400, 400, "OrganizationNotInAllFeaturesMode"},
    {"OrganizationsNotInUseException", 400, 400, "OrganizationsNotInUse"},
    {"QueryIdNotFoundException", 400, 400, "QueryIdNotFound"},
    {"ResourceARNNotValidException", 400, 400, "ResourceARNNotValid"},
    {"ResourceNotFoundException", 400, 400, "ResourceNotFound"},
    {"ResourcePolicyNotFoundException", 400, 400, "ResourcePolicyNotFound"},
    {"ResourcePolicyNotValidException", 400, 400, "ResourcePolicyNotValid"},
    {"ResourceTypeNotSupportedException", 400, 400, "ResourceTypeNotSupported"},
    {"S3BucketDoesNotExistException", 400, 400, "S3BucketDoesNotExist"},
    {"ServiceQuotaExceededException", 400, 400, "ServiceQuotaExceeded"},
    {"TagsLimitExceededException", 400, 400, "TagsLimitExceeded"},
    {"TrailAlreadyExistsException", 400, 400, "TrailAlreadyExists"},
    {"TrailNotFoundException", 400, 400, "TrailNotFound"},
    {"TrailNotProvidedException", 400, 400, "TrailNotProvided"},
    {"UnsupportedOperationException", 400, 400, "UnsupportedOperation"},
    {"ChannelInsufficientPermission", 400, 400, "ChannelInsufficientPermission"},
    {"ChannelNotFound", 400, 400, "ChannelNotFound"},
    {"ChannelUnsupportedSchema", 400, 400, "ChannelUnsupportedSchema"},
    {"DuplicatedAuditEventId", 400, 400, "DuplicatedAuditEventId"},
    {"InvalidChannelARN", 400, 400, "InvalidChannelARN"},
};

const ErrorKind* find(std::string_view code) {
    const auto* row = std::ranges::find(table, code, &ErrorKind::code);
    return row == std::end(table) ? nullptr : row;
}

}  // namespace

const ErrorKind& error_kind(std::string_view code) {
    const auto* row = find(code);
    return row ? *row : *find("InternalFailure");
}

bool known_error(std::string_view code) { return find(code) != nullptr; }

int error_status(Protocol protocol, std::string_view code) {
    const auto& kind = error_kind(code);
    return protocol == Protocol::json ? kind.json_status : kind.status;
}

}  // namespace cairn::wire
