package baas

import (
	"context"
	"iter"
	"time"
)

// A MemberStatus says how far the caller has got with access to a blockchain.
// The reference pages show one value; what others there are is not documented.
type MemberStatus string

// ChainApplied: the caller has applied for the certificate to access the chain.
const ChainApplied MemberStatus = "ChainApplied"

// A NetworkStatus is the state of a blockchain. The reference pages show one.
type NetworkStatus string

// NetworkRunning is the one state that the reference pages show.
const NetworkRunning NetworkStatus = "Running"

// An AntChain is a blockchain of a consortium.
type AntChain struct {
	AntChainID     string `json:"AntChainId"` // such as "1q8B5R9p"
	AntChainName   string
	ChainType      string // "Contract"; there is no other
	CipherSuit     string // "classic"; there is no other
	TLSAlgo        string `json:"TlsAlgo"` // "rsa"; there is no other
	MerkleTreeSuit string // "fdmt"; there is no other
	Version        string
	NodeNum        int
	Network        NetworkStatus
	ResourceSize   string       // such as "Basic"
	RegionID       string       `json:"RegionId"`
	MemberStatus   MemberStatus // whether the caller has applied for a certificate
	IsAdmin        bool         // whether the caller is the administrator
	CreateTime     time.Time
	ExpireTime     time.Time

	// DescribeAntChainsV2 only.
	InstanceID    string `json:"InstanceId"`
	RestStatus    string // such as "CREATE"; not documented
	MonitorStatus bool
}

// A ChainsResult is a page of blockchains.
type ChainsResult struct {
	AntChains  []AntChain
	IsExist    bool // what exists is not documented
	Pagination Pagination
}

func (r *ChainsResult) items() ([]AntChain, Pagination) { return r.AntChains, r.Pagination }

// A ChainInformation is the state of a blockchain and of its nodes.
type ChainInformation struct {
	AntChainID     string `json:"AntChainId"`
	Version        string
	BlockHeight    int64
	TransactionSum int64 // transactions so far
	NodeNumber     int
	AbnormalNodes  int
	Normal         bool // whether the chain is in order
	IsRole         bool // reserved by the service
	CreateTime     time.Time
	NodeInfos      []NodeInfo
}

// A NodeInfo is the state of a node.
type NodeInfo struct {
	NodeName    string // its address: IP and port, parted by a space
	Status      bool   // whether it is in order
	Version     string
	BlockHeight int64
}

// DescribeAntChainsRequest names a page of a consortium's blockchains.
type DescribeAntChainsRequest struct {
	ConsortiumID string `rpc:"ConsortiumId,required"`
	PageNumber   int    `rpc:"PageNumber,required"` // the first page is 1
	PageSize     int    `rpc:"PageSize,required"`   // items a page; the largest allowed is not documented
	RegionID     string `rpc:"RegionId"`            // default: the client's region
}

// DescribeAntChainsResponse is the answer of DescribeAntChains.
type DescribeAntChainsResponse struct {
	RequestID string `json:"RequestId"`
	Result    ChainsResult
}

// DescribeAntChainsV2Request names a page of a consortium's blockchains.
type DescribeAntChainsV2Request struct {
	ConsortiumID string `rpc:"ConsortiumId,required"`
	PageNumber   int    `rpc:"PageNumber,required"` // the first page is 1
	PageSize     int    `rpc:"PageSize,required"`   // items a page; the largest allowed is not documented
}

// DescribeAntChainsV2Response is the answer of DescribeAntChainsV2.
type DescribeAntChainsV2Response struct {
	RequestID string `json:"RequestId"`
	Result    ChainsResult
}

// DescribeAntChainInformationRequest names a blockchain.
type DescribeAntChainInformationRequest struct {
	AntChainID string `rpc:"AntChainId,required"`
	RegionID   string `rpc:"RegionId"` // default: the client's region
}

// DescribeAntChainInformationResponse is the answer of
// DescribeAntChainInformation.
type DescribeAntChainInformationResponse struct {
	RequestID string `json:"RequestId"`
	Result    ChainInformation
}

// DescribeAntChainInformationV2Request names a blockchain.
type DescribeAntChainInformationV2Request struct {
	AntChainID   string `rpc:"AntChainId,required"`
	ConsortiumID string `rpc:"ConsortiumId"` // optional
}

// DescribeAntChainInformationV2Response is the answer of
// DescribeAntChainInformationV2.
type DescribeAntChainInformationV2Response struct {
	RequestID string `json:"RequestId"`
	Result    ChainInformation
}

var describeChains = defineReadOnly[DescribeAntChainsRequest, ChainsResult]("DescribeAntChains")

var describeChainsV2 = defineDomestic[DescribeAntChainsV2Request, ChainsResult]("DescribeAntChainsV2")

var describeInformation = defineReadOnly[DescribeAntChainInformationRequest, ChainInformation]("DescribeAntChainInformation")

var describeInformationV2 = defineDomestic[DescribeAntChainInformationV2Request, ChainInformation]("DescribeAntChainInformationV2")

// DescribeAntChains lists the blockchains of a consortium, one page a call. It
// is read-only: see Do for its errors.
//
// Reference page: https://help.aliyun.com/document_detail/127083.html
func (c *Client) DescribeAntChains(
	ctx context.Context, req *DescribeAntChainsRequest, opts ...CallOption,
) (*DescribeAntChainsResponse, error) {
	r, err := invoke(ctx, c, describeChains, req, opts)
	return (*DescribeAntChainsResponse)(r), err
}

// DescribeAntChainsV2 is DescribeAntChains for accounts of the domestic site. It
// is read-only.
//
// Reference page: https://help.aliyun.com/document_detail/198987.html
func (c *Client) DescribeAntChainsV2(
	ctx context.Context, req *DescribeAntChainsV2Request, opts ...CallOption,
) (*DescribeAntChainsV2Response, error) {
	r, err := invoke(ctx, c, describeChainsV2, req, opts)
	return (*DescribeAntChainsV2Response)(r), err
}

// AllAntChains goes through the pages of DescribeAntChains, as
// AllAntChainConsortiums does.
func (c *Client) AllAntChains(
	ctx context.Context, req *DescribeAntChainsRequest, opts ...CallOption,
) iter.Seq2[AntChain, error] {
	return all(ctx, c, describeChains, req, opts, (*ChainsResult).items)
}

// AllAntChainsV2 goes through the pages of DescribeAntChainsV2, as
// AllAntChainConsortiums does.
func (c *Client) AllAntChainsV2(
	ctx context.Context, req *DescribeAntChainsV2Request, opts ...CallOption,
) iter.Seq2[AntChain, error] {
	return all(ctx, c, describeChainsV2, req, opts, (*ChainsResult).items)
}

// DescribeAntChainInformation tells the state of a blockchain. It is read-only:
// see Do for its errors.
//
// Reference page: https://help.aliyun.com/document_detail/127086.html
func (c *Client) DescribeAntChainInformation(
	ctx context.Context, req *DescribeAntChainInformationRequest, opts ...CallOption,
) (*DescribeAntChainInformationResponse, error) {
	r, err := invoke(ctx, c, describeInformation, req, opts)
	return (*DescribeAntChainInformationResponse)(r), err
}

// DescribeAntChainInformationV2 is DescribeAntChainInformation for accounts of
// the domestic site. It is read-only.
//
// Reference page: https://help.aliyun.com/document_detail/199005.html
func (c *Client) DescribeAntChainInformationV2(
	ctx context.Context, req *DescribeAntChainInformationV2Request, opts ...CallOption,
) (*DescribeAntChainInformationV2Response, error) {
	r, err := invoke(ctx, c, describeInformationV2, req, opts)
	return (*DescribeAntChainInformationV2Response)(r), err
}
