package baas

import "context"

// A NodeState is the state of a node: "2" in every example of the reference
// pages, which do not say what it means.
type NodeState string

// A Node is a node of a blockchain.
type Node struct {
	NodeID    string     `json:"nodeId"`    // hexadecimal, with 0x
	NodeState NodeState  `json:"nodeState"` // what the values mean is not documented
	NodeType  int        `json:"nodeType"`  // what the values mean is not documented
	PublicKey string     `json:"publicKey"` // on the chain, hexadecimal, with 0x; not that of its TLS certificate
	Endpoints []Endpoint `json:"endpoints"` // where it listens
}

// An Endpoint is an address of a node. Give net.JoinHostPort(e.IP, e.Port) to
// tls.Dial.
type Endpoint struct {
	IP   string `json:"ip"`
	Port string `json:"port"` // such as "18130"
}

// DescribeAntChainNodesRequest names a blockchain.
type DescribeAntChainNodesRequest struct {
	AntChainID string `rpc:"AntChainId,required"`
	RegionID   string `rpc:"RegionId"` // default: the client's region
}

// DescribeAntChainNodesResponse is the answer of DescribeAntChainNodes.
type DescribeAntChainNodesResponse struct {
	RequestID string `json:"RequestId"`
	Result    []Node
}

// DescribeAntChainNodesV2Request names a blockchain.
type DescribeAntChainNodesV2Request struct {
	AntChainID   string `rpc:"AntChainId,required"`
	ConsortiumID string `rpc:"ConsortiumId"` // optional
}

// DescribeAntChainNodesV2Response is the answer of DescribeAntChainNodesV2. The
// service sends each node as JSON in a string; here it is a Node.
type DescribeAntChainNodesV2Response struct {
	RequestID string `json:"RequestId"`
	Result    []Node
}

var describeNodes = defineReadOnly[DescribeAntChainNodesRequest, []Node]("DescribeAntChainNodes")

var describeNodesV2 = defineDomestic[DescribeAntChainNodesV2Request, []Node]("DescribeAntChainNodesV2")

// DescribeAntChainNodes lists the nodes of a blockchain, all at once. It is
// read-only: see Do for its errors.
//
// Reference page: https://help.aliyun.com/document_detail/127159.html
func (c *Client) DescribeAntChainNodes(
	ctx context.Context, req *DescribeAntChainNodesRequest, opts ...CallOption,
) (*DescribeAntChainNodesResponse, error) {
	r, err := invoke(ctx, c, describeNodes, req, opts)
	return (*DescribeAntChainNodesResponse)(r), err
}

// DescribeAntChainNodesV2 is DescribeAntChainNodes for accounts of the domestic
// site. It is read-only.
//
// Reference page: https://help.aliyun.com/document_detail/198988.html
func (c *Client) DescribeAntChainNodesV2(
	ctx context.Context, req *DescribeAntChainNodesV2Request, opts ...CallOption,
) (*DescribeAntChainNodesV2Response, error) {
	r, err := invoke(ctx, c, describeNodesV2, req, opts)
	return (*DescribeAntChainNodesV2Response)(r), err
}
