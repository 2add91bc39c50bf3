package baas

import (
	"context"
	"iter"
	"time"
)

// A CertificateStatus is the state of an application for a certificate.
type CertificateStatus string

// The states of an application.
const (
	CertificateApplied CertificateStatus = "0" // applied for
	CertificateValid   CertificateStatus = "1" // in force
	CertificateFailed  CertificateStatus = "2" // failed
)

// A CertificateApplication is the application of a consortium's member for a
// certificate to access a blockchain.
type CertificateApplication struct {
	AntChainID string `json:"AntChainId"`
	Bid        string // the ID of the site that the member is registered with, such as "26842"
	Username   string // such as "uid-" and a number
	Status     CertificateStatus
	CreateTime time.Time `json:"Createtime"`
	UpdateTime time.Time `json:"Updatetime"`
}

// A CertificateApplicationsResult is a page of applications.
type CertificateApplicationsResult struct {
	CertificateApplications []CertificateApplication
	Pagination              Pagination
}

func (r *CertificateApplicationsResult) items() ([]CertificateApplication, Pagination) {
	return r.CertificateApplications, r.Pagination
}

// ApplyAntChainCertificateRequest applies for a certificate with a signing
// request of the caller's, so that the private key stays with the caller.
type ApplyAntChainCertificateRequest struct {
	AntChainID string `rpc:"AntChainId,required"`
	UploadReq  string `rpc:"UploadReq,required"` // Base64 of the certificate signing request in PEM: see certbundle.NewCSR
	RegionID   string `rpc:"RegionId"`           // default: the client's region
}

// ApplyAntChainCertificateResponse is the answer of ApplyAntChainCertificate.
type ApplyAntChainCertificateResponse struct {
	RequestID string `json:"RequestId"`
	Result    string // "success"
}

// DescribeAntChainCertificateApplicationsRequest names a page of the applications
// for a blockchain that have one status.
type DescribeAntChainCertificateApplicationsRequest struct {
	AntChainID string            `rpc:"AntChainId,required"`
	Status     CertificateStatus `rpc:"Status,required"`
	PageNumber int               `rpc:"PageNumber,required"` // the first page is 1
	PageSize   int               `rpc:"PageSize,required"`   // items a page; the largest allowed is not documented
	RegionID   string            `rpc:"RegionId"`            // default: the client's region
}

// DescribeAntChainCertificateApplicationsResponse is the answer of
// DescribeAntChainCertificateApplications.
type DescribeAntChainCertificateApplicationsResponse struct {
	RequestID string `json:"RequestId"`
	Result    CertificateApplicationsResult
}

// DescribeAntChainCertificateApplicationsV2Request names a page of the
// applications for a blockchain that have one status.
type DescribeAntChainCertificateApplicationsV2Request struct {
	AntChainID   string            `rpc:"AntChainId,required"`
	Status       CertificateStatus `rpc:"Status,required"`
	PageNumber   int               `rpc:"PageNumber,required"` // the first page is 1
	PageSize     int               `rpc:"PageSize,required"`   // items a page; the largest allowed is not documented
	ConsortiumID string            `rpc:"ConsortiumId"`        // optional
}

// DescribeAntChainCertificateApplicationsV2Response is the answer of
// DescribeAntChainCertificateApplicationsV2.
type DescribeAntChainCertificateApplicationsV2Response struct {
	RequestID string `json:"RequestId"`
	Result    CertificateApplicationsResult
}

// DescribeAntChainDownloadPathsRequest names a blockchain.
type DescribeAntChainDownloadPathsRequest struct {
	AntChainID string `rpc:"AntChainId,required"`
	RegionID   string `rpc:"RegionId"` // default: the client's region
}

// DescribeAntChainDownloadPathsResponse is the answer of
// DescribeAntChainDownloadPaths. Printed or logged, it does not show the queries
// of the links.
type DescribeAntChainDownloadPathsResponse struct {
	RequestID string `json:"RequestId"`
	Result    DownloadPath
}

// DescribeAntChainDownloadPathsV2Request names a blockchain.
type DescribeAntChainDownloadPathsV2Request struct {
	AntChainID   string `rpc:"AntChainId,required"`
	ConsortiumID string `rpc:"ConsortiumId"` // optional
}

// DescribeAntChainDownloadPathsV2Response is the answer of
// DescribeAntChainDownloadPathsV2. Printed or logged, it does not show the
// queries of the links.
type DescribeAntChainDownloadPathsV2Response struct {
	RequestID string `json:"RequestId"`
	Result    DownloadPath
}

// ResetAntChainCertificateRequest names a blockchain.
type ResetAntChainCertificateRequest struct {
	AntChainID string `rpc:"AntChainId,required"`
	RegionID   string `rpc:"RegionId"` // default: the client's region
}

// ResetAntChainCertificateResponse is the answer of ResetAntChainCertificate.
type ResetAntChainCertificateResponse struct {
	RequestID string `json:"RequestId"`
	Result    string // "success"
}

// ResetAntChainUserCertificateRequest names a member's application: see
// CertificateApplication.
type ResetAntChainUserCertificateRequest struct {
	AntChainID string `rpc:"AntChainId,required"`
	Bid        string `rpc:"Bid,required"` // the ID of the site that the member is registered with

	// Operation is required. The reference page has 1 as its example, and says
	// neither what that means nor which values there are. 0 counts as missing:
	// Do can send it.
	Operation int `rpc:"Operation,required"`

	Username string `rpc:"Username,required"` // the member's
	RegionID string `rpc:"RegionId"`          // default: the client's region
}

// ResetAntChainUserCertificateResponse is the answer of
// ResetAntChainUserCertificate.
type ResetAntChainUserCertificateResponse struct {
	RequestID string `json:"RequestId"`
	Result    string // "success"
}

var applyWithCSR = define(action[ApplyAntChainCertificateRequest, string]{
	semantics: semantics{name: "ApplyAntChainCertificate"},
})

var describeApplications = defineReadOnly[
	DescribeAntChainCertificateApplicationsRequest, CertificateApplicationsResult,
]("DescribeAntChainCertificateApplications")

var describeApplicationsV2 = defineDomestic[
	DescribeAntChainCertificateApplicationsV2Request, CertificateApplicationsResult,
]("DescribeAntChainCertificateApplicationsV2")

var describePaths = defineReadOnly[DescribeAntChainDownloadPathsRequest, DownloadPath]("DescribeAntChainDownloadPaths")

var describePathsV2 = defineDomestic[DescribeAntChainDownloadPathsV2Request, DownloadPath]("DescribeAntChainDownloadPathsV2")

var resetCertificate = define(action[ResetAntChainCertificateRequest, string]{
	semantics: semantics{name: "ResetAntChainCertificate"},
})

var resetUserCertificate = define(action[ResetAntChainUserCertificateRequest, string]{
	semantics: semantics{name: "ResetAntChainUserCertificate"},
})

// ApplyAntChainCertificate applies for access to a blockchain with a certificate
// signing request, such as certbundle.NewCSR makes. The private key never leaves
// the machine: store it first. DescribeAntChainDownloadPaths then has the links
// to the certificate; how long the service takes to issue it is not documented.
//
// It is not read-only: it is sent again only where that cannot issue a second
// certificate, and its errors are those of
// ApplyAntChainCertificateWithKeyAutoCreation. After an OutcomeUnknownError
// nothing is lost, since the caller has the key: a certificate behind the links
// that fits it shows that one was issued. None there shows nothing yet.
//
// Reference page: https://help.aliyun.com/document_detail/127081.html
func (c *Client) ApplyAntChainCertificate(
	ctx context.Context, req *ApplyAntChainCertificateRequest, opts ...CallOption,
) (*ApplyAntChainCertificateResponse, error) {
	r, err := invoke(ctx, c, applyWithCSR, req, opts)
	return (*ApplyAntChainCertificateResponse)(r), err
}

// DescribeAntChainCertificateApplications lists the applications of members for
// certificates of a blockchain, one page a call. It is read-only: see Do for its
// errors.
//
// Reference page: https://help.aliyun.com/document_detail/127096.html
func (c *Client) DescribeAntChainCertificateApplications(
	ctx context.Context, req *DescribeAntChainCertificateApplicationsRequest, opts ...CallOption,
) (*DescribeAntChainCertificateApplicationsResponse, error) {
	r, err := invoke(ctx, c, describeApplications, req, opts)
	return (*DescribeAntChainCertificateApplicationsResponse)(r), err
}

// DescribeAntChainCertificateApplicationsV2 is
// DescribeAntChainCertificateApplications for accounts of the domestic site. It
// is read-only.
//
// Reference page: https://help.aliyun.com/document_detail/198996.html
func (c *Client) DescribeAntChainCertificateApplicationsV2(
	ctx context.Context, req *DescribeAntChainCertificateApplicationsV2Request, opts ...CallOption,
) (*DescribeAntChainCertificateApplicationsV2Response, error) {
	r, err := invoke(ctx, c, describeApplicationsV2, req, opts)
	return (*DescribeAntChainCertificateApplicationsV2Response)(r), err
}

// AllAntChainCertificateApplications goes through the pages of
// DescribeAntChainCertificateApplications, as AllAntChainConsortiums does.
func (c *Client) AllAntChainCertificateApplications(
	ctx context.Context, req *DescribeAntChainCertificateApplicationsRequest, opts ...CallOption,
) iter.Seq2[CertificateApplication, error] {
	return all(ctx, c, describeApplications, req, opts, (*CertificateApplicationsResult).items)
}

// AllAntChainCertificateApplicationsV2 goes through the pages of
// DescribeAntChainCertificateApplicationsV2, as AllAntChainConsortiums does.
func (c *Client) AllAntChainCertificateApplicationsV2(
	ctx context.Context, req *DescribeAntChainCertificateApplicationsV2Request, opts ...CallOption,
) iter.Seq2[CertificateApplication, error] {
	return all(ctx, c, describeApplicationsV2, req, opts, (*CertificateApplicationsResult).items)
}

// DescribeAntChainDownloadPaths makes fresh links to the files of the caller's
// identity on a blockchain, without the private key. Save of package certbundle
// completes a folder with them. It is read-only: see Do for its errors.
//
// Reference page: https://help.aliyun.com/document_detail/127079.html
func (c *Client) DescribeAntChainDownloadPaths(
	ctx context.Context, req *DescribeAntChainDownloadPathsRequest, opts ...CallOption,
) (*DescribeAntChainDownloadPathsResponse, error) {
	r, err := invoke(ctx, c, describePaths, req, opts)
	return (*DescribeAntChainDownloadPathsResponse)(r), err
}

// DescribeAntChainDownloadPathsV2 is DescribeAntChainDownloadPaths for accounts
// of the domestic site. It is read-only.
//
// Reference page: https://help.aliyun.com/document_detail/198992.html
func (c *Client) DescribeAntChainDownloadPathsV2(
	ctx context.Context, req *DescribeAntChainDownloadPathsV2Request, opts ...CallOption,
) (*DescribeAntChainDownloadPathsV2Response, error) {
	r, err := invoke(ctx, c, describePathsV2, req, opts)
	return (*DescribeAntChainDownloadPathsV2Response)(r), err
}

// ResetAntChainCertificate resets the caller's certificate of a blockchain. What
// becomes of the old certificate, and how soon another one can be applied for, is
// not documented.
//
// It is not read-only: its errors are those of
// ApplyAntChainCertificateWithKeyAutoCreation.
//
// Reference page: https://help.aliyun.com/document_detail/127080.html
func (c *Client) ResetAntChainCertificate(
	ctx context.Context, req *ResetAntChainCertificateRequest, opts ...CallOption,
) (*ResetAntChainCertificateResponse, error) {
	r, err := invoke(ctx, c, resetCertificate, req, opts)
	return (*ResetAntChainCertificateResponse)(r), err
}

// ResetAntChainUserCertificate resets the certificate of a consortium's member.
// What the values of Operation mean is not documented, and the official SDK
// sends neither Operation nor Bid.
//
// It is not read-only: its errors are those of
// ApplyAntChainCertificateWithKeyAutoCreation.
//
// Reference page: https://help.aliyun.com/document_detail/127092.html
func (c *Client) ResetAntChainUserCertificate(
	ctx context.Context, req *ResetAntChainUserCertificateRequest, opts ...CallOption,
) (*ResetAntChainUserCertificateResponse, error) {
	r, err := invoke(ctx, c, resetUserCertificate, req, opts)
	return (*ResetAntChainUserCertificateResponse)(r), err
}
