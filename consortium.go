package baas

import (
	"context"
	"iter"
	"time"
)

// A ConsortiumStatus is the state of a consortium. The reference pages show one.
type ConsortiumStatus string

// ConsortiumActive is the one state that the reference pages show.
const ConsortiumActive ConsortiumStatus = "Active"

// A Role is what an account is in a consortium.
type Role string

// The roles that the reference pages show.
const (
	RoleSuperAdmin Role = "SuperAdmin"
	RoleMember     Role = "Member"
)

// An AntConsortium is a consortium that the caller belongs to.
type AntConsortium struct {
	ConsortiumID          string `json:"ConsortiumId"` // such as "DV80nJXq"
	ConsortiumName        string
	ConsortiumDescription string
	Role                  Role // the caller's
	Status                ConsortiumStatus
	ChainNum              int // how many blockchains it has
	MemberNum             int // how many members it has
	CreateTime            time.Time

	IsEmptyConsortium bool // DescribeAntChainConsortiumsV2 only
}

// A ConsortiumsResult is a page of consortiums.
type ConsortiumsResult struct {
	AntConsortiums []AntConsortium
	Pagination     Pagination
}

func (r *ConsortiumsResult) items() ([]AntConsortium, Pagination) {
	return r.AntConsortiums, r.Pagination
}

// DescribeAntChainConsortiumsRequest names a page of the caller's consortiums.
type DescribeAntChainConsortiumsRequest struct {
	PageNumber int    `rpc:"PageNumber,required"` // the first page is 1
	PageSize   int    `rpc:"PageSize,required"`   // items a page; the largest allowed is not documented
	RegionID   string `rpc:"RegionId"`            // default: the client's region
}

// DescribeAntChainConsortiumsResponse is the answer of DescribeAntChainConsortiums.
type DescribeAntChainConsortiumsResponse struct {
	RequestID string `json:"RequestId"`
	Result    ConsortiumsResult
}

// DescribeAntChainConsortiumsV2Request names a page of the caller's consortiums.
type DescribeAntChainConsortiumsV2Request struct {
	PageNumber int `rpc:"PageNumber,required"` // the first page is 1
	PageSize   int `rpc:"PageSize,required"`   // items a page; the largest allowed is not documented
}

// DescribeAntChainConsortiumsV2Response is the answer of
// DescribeAntChainConsortiumsV2.
type DescribeAntChainConsortiumsV2Response struct {
	RequestID string `json:"RequestId"`
	Result    ConsortiumsResult
}

var describeConsortiums = defineReadOnly[DescribeAntChainConsortiumsRequest, ConsortiumsResult]("DescribeAntChainConsortiums")

var describeConsortiumsV2 = defineDomestic[DescribeAntChainConsortiumsV2Request, ConsortiumsResult]("DescribeAntChainConsortiumsV2")

// DescribeAntChainConsortiums lists the consortiums that the caller belongs to,
// one page a call. It is read-only: see Do for its errors.
//
// Reference page: https://help.aliyun.com/document_detail/127073.html
func (c *Client) DescribeAntChainConsortiums(
	ctx context.Context, req *DescribeAntChainConsortiumsRequest, opts ...CallOption,
) (*DescribeAntChainConsortiumsResponse, error) {
	r, err := invoke(ctx, c, describeConsortiums, req, opts)
	return (*DescribeAntChainConsortiumsResponse)(r), err
}

// DescribeAntChainConsortiumsV2 is DescribeAntChainConsortiums for accounts of the
// domestic site. It is read-only.
//
// Reference page: https://help.aliyun.com/document_detail/198995.html
func (c *Client) DescribeAntChainConsortiumsV2(
	ctx context.Context, req *DescribeAntChainConsortiumsV2Request, opts ...CallOption,
) (*DescribeAntChainConsortiumsV2Response, error) {
	r, err := invoke(ctx, c, describeConsortiumsV2, req, opts)
	return (*DescribeAntChainConsortiumsV2Response)(r), err
}

// AllAntChainConsortiums goes through the pages of DescribeAntChainConsortiums,
// beginning with req's: 1 if it names none, with 20 items a page if it names no
// size. req is not modified.
//
// A page is asked for once its first item is wanted, none in advance. The end is
// an empty page, the TotalCount of the reply, or a page that has come before.
// After an error, which comes with a zero item, there is nothing more. Each range
// over the result begins anew.
func (c *Client) AllAntChainConsortiums(
	ctx context.Context, req *DescribeAntChainConsortiumsRequest, opts ...CallOption,
) iter.Seq2[AntConsortium, error] {
	return all(ctx, c, describeConsortiums, req, opts, (*ConsortiumsResult).items)
}

// AllAntChainConsortiumsV2 goes through the pages of
// DescribeAntChainConsortiumsV2, as AllAntChainConsortiums does.
func (c *Client) AllAntChainConsortiumsV2(
	ctx context.Context, req *DescribeAntChainConsortiumsV2Request, opts ...CallOption,
) iter.Seq2[AntConsortium, error] {
	return all(ctx, c, describeConsortiumsV2, req, opts, (*ConsortiumsResult).items)
}
