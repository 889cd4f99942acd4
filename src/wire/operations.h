#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace cairn::wire {

/// What is known about every AWS operation: a table compiled from models/operations (models/README.md) that is part of
/// the binary and read in place. Nothing is parsed, nothing allocated; all that is returned is valid for ever, and any
/// number of threads may ask. The types below are small handles, to be copied.

struct ServiceRow;
struct OperationRow;
struct ShapeRow;
struct MemberRow;

enum class WireProtocol : std::uint8_t { json, query, ec2, rest_json, rest_xml, rpc_cbor, rpc_json };

enum class FactKind : std::uint8_t {
    none,
    structure,
    list,
    map,
    string,
    integer,
    long_integer,
    single,  ///< float
    number,  ///< double
    boolean,
    blob,
    timestamp,  ///< in the format that protocol and location are used to
    timestamp_epoch,
    timestamp_iso8601,
    timestamp_http,
    document,  ///< any JSON
};

enum class Location : std::uint8_t { body, header, query, uri, header_prefix, status };

class MemberFacts;

/// Things that stand one behind the other in the table.
template <class Fact, class Row>
class Facts {
public:
    class Iterator {
    public:
        using difference_type = std::ptrdiff_t;
        using value_type = Fact;

        Iterator() = default;
        explicit Iterator(const Row* row) : row_(row) {}
        Fact operator*() const { return Fact(row_); }
        Iterator& operator++();
        Iterator operator++(int) {
            auto before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const Iterator&, const Iterator&) = default;

    private:
        const Row* row_ = nullptr;
    };

    Facts(const Row* first, const Row* last) : first_(first), last_(last) {}
    Iterator begin() const { return Iterator(first_); }
    Iterator end() const { return Iterator(last_); }
    bool empty() const { return first_ == last_; }

private:
    const Row *first_, *last_;
};

/// The type of a member, of an input or of an output.
class ShapeFacts {
public:
    ShapeFacts() = default;
    explicit ShapeFacts(const ShapeRow* row) : row_(row) {}

    explicit operator bool() const { return row_ != nullptr; }  ///< false: there is no such shape
    FactKind kind() const;
    bool flat() const;  ///< a list or map without an element around its items

    /// Of a structure, in the model's order; empty for others.
    Facts<MemberFacts, MemberRow> members() const;
    /// The member of a structure with that name; false if there is none.
    MemberFacts find(std::string_view name) const;

    MemberFacts element() const;  ///< of a list
    MemberFacts key() const;      ///< of a map
    MemberFacts value() const;    ///< of a map

private:
    const ShapeRow* row_ = nullptr;
};

/// A member of a structure, the element of a list, or the key or value of a map.
class MemberFacts {
public:
    MemberFacts() = default;
    explicit MemberFacts(const MemberRow* row) : row_(row) {}

    explicit operator bool() const { return row_ != nullptr; }
    std::string_view name() const;       ///< of a list's or map's: as the model names it, empty if it does not
    std::string_view wire_name() const;  ///< of a list's or map's: "member", "key", "value" if the model does not say
    std::string_view query_name()
        const;  ///< what the ec2 protocol calls it in requests, where the model says so; else empty
    ShapeFacts shape() const;
    Location location() const;

    bool payload() const;  ///< is the whole body
    bool required() const;
    bool idempotency_token() const;
    bool json_value() const;  ///< JSON text in a header, in base64
    bool xml_attribute() const;
    bool host_label() const;  ///< becomes part of the host's name
    bool streaming() const;
    bool event_stream() const;
    bool hidden() const;   ///< secret: a record shows the service's placeholder
    bool omitted() const;  ///< secret or large: a record leaves it out

private:
    bool flag(char letter) const;
    const MemberRow* row_ = nullptr;
};

class ServiceFacts;

class OperationFacts {
public:
    OperationFacts() = default;
    explicit OperationFacts(const OperationRow* row) : row_(row) {}

    explicit operator bool() const { return row_ != nullptr; }
    friend bool operator==(const OperationFacts&, const OperationFacts&) = default;

    std::string_view name() const;
    std::string_view event_name() const;  ///< eventName of its record
    std::string_view method() const;
    std::string_view uri() const;          ///< template with the query's literals, "/{Bucket}/{Key+}?acl"
    std::string_view data_type() const;    ///< resources.type of a data event; empty: a management event
    std::string_view host_prefix() const;  ///< what stands before the endpoint's host, as "{AccountId}."; mostly empty
    ServiceFacts service() const;
    ShapeFacts input() const;
    /// Only of operations whose answer is recorded or learned from; false for others.
    ShapeFacts output() const;

    bool read_only() const;
    bool keeps_response() const;  ///< responseElements although read-only
    bool learns() const;          ///< the answer tells who is behind a key, or a resource's schema
    bool unsigned_by_model() const;
    bool may_be_gzipped() const;
    bool deprecated() const;
    bool retired() const;           ///< only older models have it
    bool legacy_rendering() const;  ///< EC2: of the API until 2014-10-01
    bool request_streams() const;   ///< bytes
    bool response_streams() const;  ///< bytes
    bool request_is_event_stream() const;
    bool response_is_event_stream() const;

    /// The name of the error shape that this operation answers as `code`; `code` itself if the table does not know
    /// better.
    std::string_view error_name(std::string_view code) const;

private:
    bool flag(char letter) const;
    const OperationRow* row_ = nullptr;
};

class ServiceFacts {
public:
    ServiceFacts() = default;
    explicit ServiceFacts(const ServiceRow* row) : row_(row) {}

    explicit operator bool() const { return row_ != nullptr; }
    friend bool operator==(const ServiceFacts&, const ServiceFacts&) = default;

    std::string_view name()
        const;                    ///< of its model: "s3control"; "sqs@query" is a protocol that only older models have
    std::string_view id() const;  ///< "S3 Control"
    std::string_view signing_name() const;
    std::string_view endpoint_prefix() const;
    std::string_view api_version() const;
    std::string_view event_source() const;
    std::string_view event_source(std::string_view scope) const;  ///< for calls signed for that service
    std::string_view shown_version() const;                       ///< apiVersion of its records; mostly empty
    std::string_view global_region() const;  ///< awsRegion of its records if it is a global service; else empty
    std::string_view placeholder() const;    ///< what a record shows for a secret
    bool has(WireProtocol protocol) const;
    bool json_1_1() const;          ///< else 1.0
    bool query_compatible() const;  ///< its json clients may ask for the query protocol's error codes

    bool signs_as(std::string_view scope) const;  ///< its signing name, or another that its endpoint rules have
    bool has_target(std::string_view prefix) const;

    Facts<OperationFacts, OperationRow> operations() const;  ///< by name
    /// False if there is none.
    OperationFacts find(std::string_view operation) const;

    /// EC2's legacy records: the item set that a list member of requests becomes, and what an item is called (empty for
    /// structures). `set` empty: no such member.
    struct ItemSet {
        std::string_view set, element;
    };
    ItemSet item_set(std::string_view query_name) const;

private:
    const ServiceRow* row_ = nullptr;
    friend class PathMatcher;
};

/// Services that a name may mean, in the order of their own names.
class ServiceList {
public:
    class Iterator {
    public:
        using difference_type = std::ptrdiff_t;
        using value_type = ServiceFacts;

        Iterator() = default;
        explicit Iterator(const std::uint32_t* at) : at_(at) {}
        ServiceFacts operator*() const;
        Iterator& operator++() {
            ++at_;
            return *this;
        }
        Iterator operator++(int) { return Iterator(at_++); }
        friend bool operator==(const Iterator&, const Iterator&) = default;

    private:
        const std::uint32_t* at_ = nullptr;
    };

    ServiceList() = default;
    ServiceList(const std::uint32_t* first, std::size_t count) : first_(first), count_(count) {}
    Iterator begin() const { return Iterator(first_); }
    Iterator end() const { return Iterator(first_ + count_); }
    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    ServiceFacts front() const { return *begin(); }

private:
    const std::uint32_t* first_ = nullptr;
    std::size_t count_ = 0;
};

Facts<ServiceFacts, ServiceRow> all_services();

ServiceFacts find_service(std::string_view name);              ///< "s3control"; false if there is none
ServiceList services_of_scope(std::string_view signing_name);  ///< what a credential scope may mean
ServiceList services_of_target(std::string_view prefix);  ///< of X-Amz-Target and rpc paths, with or without namespace
ServiceList services_of_version(std::string_view api_version);
ServiceList services_of_endpoint(std::string_view prefix);

/// Size of the whole table.
std::size_t operations_table_bytes();

}  // namespace cairn::wire
