package baas

import (
	"context"
	"iter"
	"time"
)

// An AllianceStatus says whether a member has joined its consortium.
type AllianceStatus string

// The states that the reference pages show.
const (
	AllianceJoined    AllianceStatus = "AllianceJoined"
	AllianceNotJoined AllianceStatus = "AllianceNotJoined"
)

// A Member is a member of a consortium.
type Member struct {
	MemberID   string `json:"MemberId"`
	MemberName string
	Role       Role
	Status     AllianceStatus
	JoinTime   time.Time
}

// A MembersResult is a page of members.
type MembersResult struct {
	Members    []Member
	Pagination Pagination
}

func (r *MembersResult) items() ([]Member, Pagination) { return r.Members, r.Pagination }

// DescribeAntChainMembersRequest names a page of a consortium's members.
type DescribeAntChainMembersRequest struct {
	ConsortiumID string `rpc:"ConsortiumId,required"`
	PageNumber   int    `rpc:"PageNumber,required"` // the first page is 1
	PageSize     int    `rpc:"PageSize,required"`   // items a page; the largest allowed is not documented
	RegionID     string `rpc:"RegionId"`            // default: the client's region
}

// DescribeAntChainMembersResponse is the answer of DescribeAntChainMembers.
type DescribeAntChainMembersResponse struct {
	RequestID string `json:"RequestId"`
	Result    MembersResult
}

// DescribeAntChainMembersV2Request names a page of a consortium's members.
type DescribeAntChainMembersV2Request struct {
	ConsortiumID string `rpc:"ConsortiumId,required"`
	PageNumber   int    `rpc:"PageNumber,required"` // the first page is 1
	PageSize     int    `rpc:"PageSize,required"`   // items a page; the largest allowed is not documented
}

// DescribeAntChainMembersV2Response is the answer of DescribeAntChainMembersV2.
type DescribeAntChainMembersV2Response struct {
	RequestID string `json:"RequestId"`
	Result    MembersResult
}

var describeMembers = defineReadOnly[DescribeAntChainMembersRequest, MembersResult]("DescribeAntChainMembers")

var describeMembersV2 = defineDomestic[DescribeAntChainMembersV2Request, MembersResult]("DescribeAntChainMembersV2")

// DescribeAntChainMembers lists the members of a consortium, one page a call. It
// is read-only: see Do for its errors.
//
// Reference page: https://help.aliyun.com/document_detail/127102.html
func (c *Client) DescribeAntChainMembers(
	ctx context.Context, req *DescribeAntChainMembersRequest, opts ...CallOption,
) (*DescribeAntChainMembersResponse, error) {
	r, err := invoke(ctx, c, describeMembers, req, opts)
	return (*DescribeAntChainMembersResponse)(r), err
}

// DescribeAntChainMembersV2 is DescribeAntChainMembers for accounts of the
// domestic site. It is read-only.
//
// Reference page: https://help.aliyun.com/document_detail/198991.html
func (c *Client) DescribeAntChainMembersV2(
	ctx context.Context, req *DescribeAntChainMembersV2Request, opts ...CallOption,
) (*DescribeAntChainMembersV2Response, error) {
	r, err := invoke(ctx, c, describeMembersV2, req, opts)
	return (*DescribeAntChainMembersV2Response)(r), err
}

// AllAntChainMembers goes through the pages of DescribeAntChainMembers, as
// AllAntChainConsortiums does.
func (c *Client) AllAntChainMembers(
	ctx context.Context, req *DescribeAntChainMembersRequest, opts ...CallOption,
) iter.Seq2[Member, error] {
	return all(ctx, c, describeMembers, req, opts, (*MembersResult).items)
}

// AllAntChainMembersV2 goes through the pages of DescribeAntChainMembersV2, as
// AllAntChainConsortiums does.
func (c *Client) AllAntChainMembersV2(
	ctx context.Context, req *DescribeAntChainMembersV2Request, opts ...CallOption,
) iter.Seq2[Member, error] {
	return all(ctx, c, describeMembersV2, req, opts, (*MembersResult).items)
}
