package baas

import (
	"context"
	"iter"

	"github.com/antchain-go/baas/internal/envelope"
	"github.com/antchain-go/baas/internal/lenient"
)

// An AccountStatus is the state of an account. The reference pages show one.
type AccountStatus string

// AccountNormal is the one state that the reference pages show.
const AccountNormal AccountStatus = "NORMAL"

// An Account is an account on a blockchain. Both keys are public ones, in
// hexadecimal.
type Account struct {
	Account            string // its name
	AntChainID         string `json:"AntChainId"`
	AccountPublicKey   string
	AccountRecoveryKey string // the public key for recovery
	AccountStatus      AccountStatus
}

// An AccountsResult is a page of accounts.
type AccountsResult struct {
	Accounts   []Account
	Pagination Pagination
}

func (r *AccountsResult) items() ([]Account, Pagination) { return r.Accounts, r.Pagination }

// A CreatedAccount says which account was made.
type CreatedAccount struct {
	Account    string // its name
	AntChainID string `json:"AntChainId"`
}

// AccountKeys are the keys of a new account. The private ones are handed over
// once: store both before anything else.
//
// Printed or logged, it shows everything except the private keys. encoding/json
// keeps them, so that a reply can be stored: give Redacted to a logger that
// encodes.
type AccountKeys struct {
	Account    string // its name
	AntChainID string `json:"AntChainId"`

	AccountPublicKey        string // hexadecimal
	AccountPrivateKey       string // PEM, an ENCRYPTED PRIVATE KEY
	AccountRecoverPublicKey string // hexadecimal

	// AccountRecoverPrivateKey is the key with which the account can be
	// recovered, in PEM, an ENCRYPTED PRIVATE KEY. Either private key is empty
	// if the reply was cut off before it: check both.
	AccountRecoverPrivateKey string
}

// DescribeAntChainAccountsRequest names a page of a blockchain's accounts.
type DescribeAntChainAccountsRequest struct {
	AntChainID string `rpc:"AntChainId,required"`
	PageNumber int    `rpc:"PageNumber,required"` // the first page is 1
	PageSize   int    `rpc:"PageSize,required"`   // items a page; the largest allowed is not documented
	RegionID   string `rpc:"RegionId"`            // default: the client's region
}

// DescribeAntChainAccountsResponse is the answer of DescribeAntChainAccounts.
type DescribeAntChainAccountsResponse struct {
	RequestID string `json:"RequestId"`
	Result    AccountsResult
}

// DescribeAntChainAccountsV2Request names a page of a blockchain's accounts.
type DescribeAntChainAccountsV2Request struct {
	AntChainID   string `rpc:"AntChainId,required"`
	PageNumber   int    `rpc:"PageNumber,required"` // the first page is 1
	PageSize     int    `rpc:"PageSize,required"`   // items a page; the largest allowed is not documented
	ConsortiumID string `rpc:"ConsortiumId"`        // optional
}

// DescribeAntChainAccountsV2Response is the answer of DescribeAntChainAccountsV2.
type DescribeAntChainAccountsV2Response struct {
	RequestID string `json:"RequestId"`
	Result    AccountsResult
}

// CreateAntChainAccountRequest describes an account whose keys the caller has
// made. Both public keys are hexadecimal, of 128 digits.
type CreateAntChainAccountRequest struct {
	AntChainID           string `rpc:"AntChainId,required"`
	Account              string `rpc:"Account,required"` // its name: letters, digits, Chinese characters and hyphens
	AccountPubKey        string `rpc:"AccountPubKey,required"`
	AccountRecoverPubKey string `rpc:"AccountRecoverPubKey,required"`
	RegionID             string `rpc:"RegionId"` // default: the client's region
}

// CreateAntChainAccountResponse is the answer of CreateAntChainAccount.
type CreateAntChainAccountResponse struct {
	RequestID string `json:"RequestId"`
	Result    CreatedAccount
}

// CreateAntChainAccountWithKeyPairAutoCreationRequest describes an account whose
// keys the service makes.
//
// Printed, logged or encoded, it shows every field except the passwords. What no
// type can prevent stands with Redacted.
type CreateAntChainAccountWithKeyPairAutoCreationRequest struct {
	AntChainID string `rpc:"AntChainId,required"`
	Account    string `rpc:"Account,required"` // its name

	// Password is that of the account; the keys come encrypted. It is never
	// printed, logged, marshaled or put into an error.
	Password string `rpc:"Password,required,secret" json:"-" xml:"-" yaml:"-" toml:"-" msgpack:"-"`

	// RecoverPassword is the password for recovery, kept like Password. The
	// Chinese reference page and the official SDKs have it, as a required
	// parameter; the English page does not. The service is the judge of that.
	// Which password opens which key is not documented.
	RecoverPassword string `rpc:"RecoverPassword,secret" json:"-" xml:"-" yaml:"-" toml:"-" msgpack:"-"`

	RegionID string `rpc:"RegionId"` // default: the client's region
}

// CreateAntChainAccountWithKeyPairAutoCreationResponse is the answer to the
// request of the same name.
//
// Printed or logged, it shows everything except the private keys. encoding/json
// keeps them, so that a reply can be stored: give Redacted to a logger that
// encodes.
type CreateAntChainAccountWithKeyPairAutoCreationResponse struct {
	RequestID string `json:"RequestId"`
	Result    AccountKeys
}

var describeAccounts = defineReadOnly[DescribeAntChainAccountsRequest, AccountsResult]("DescribeAntChainAccounts")

var describeAccountsV2 = defineDomestic[DescribeAntChainAccountsV2Request, AccountsResult]("DescribeAntChainAccountsV2")

var createAccount = define(action[CreateAntChainAccountRequest, CreatedAccount]{
	semantics: semantics{name: "CreateAntChainAccount"},
})

var createAccountWithKeys = define(action[CreateAntChainAccountWithKeyPairAutoCreationRequest, AccountKeys]{
	semantics: semantics{
		name: "CreateAntChainAccountWithKeyPairAutoCreation",
		keys: envelope.Keys{Names: []string{"AccountPrivateKey", "AccountRecoverPrivateKey"}},
	},
	decode: decodeAccountKeys,
})

// decodeAccountKeys reads what fits. The Result holds a key: that a member beside
// it is of another type is no reason to lose it.
func decodeAccountKeys(result []byte, r *AccountKeys) error {
	_ = lenient.Unmarshal(result, r)
	return nil
}

// DescribeAntChainAccounts lists the accounts of a blockchain, one page a call.
// It is read-only: see Do for its errors.
//
// Reference page: https://help.aliyun.com/document_detail/127090.html
func (c *Client) DescribeAntChainAccounts(
	ctx context.Context, req *DescribeAntChainAccountsRequest, opts ...CallOption,
) (*DescribeAntChainAccountsResponse, error) {
	r, err := invoke(ctx, c, describeAccounts, req, opts)
	return (*DescribeAntChainAccountsResponse)(r), err
}

// DescribeAntChainAccountsV2 is DescribeAntChainAccounts for accounts of the
// domestic site. It is read-only.
//
// Reference page: https://help.aliyun.com/document_detail/198997.html
func (c *Client) DescribeAntChainAccountsV2(
	ctx context.Context, req *DescribeAntChainAccountsV2Request, opts ...CallOption,
) (*DescribeAntChainAccountsV2Response, error) {
	r, err := invoke(ctx, c, describeAccountsV2, req, opts)
	return (*DescribeAntChainAccountsV2Response)(r), err
}

// AllAntChainAccounts goes through the pages of DescribeAntChainAccounts, as
// AllAntChainConsortiums does.
func (c *Client) AllAntChainAccounts(
	ctx context.Context, req *DescribeAntChainAccountsRequest, opts ...CallOption,
) iter.Seq2[Account, error] {
	return all(ctx, c, describeAccounts, req, opts, (*AccountsResult).items)
}

// AllAntChainAccountsV2 goes through the pages of DescribeAntChainAccountsV2, as
// AllAntChainConsortiums does.
func (c *Client) AllAntChainAccountsV2(
	ctx context.Context, req *DescribeAntChainAccountsV2Request, opts ...CallOption,
) iter.Seq2[Account, error] {
	return all(ctx, c, describeAccountsV2, req, opts, (*AccountsResult).items)
}

// CreateAntChainAccount makes an account on a blockchain from keys of the
// caller's. It is not read-only: it is sent again only where that cannot make a
// second account, and its errors are those of
// ApplyAntChainCertificateWithKeyAutoCreation. After an OutcomeUnknownError,
// DescribeAntChainAccounts tells whether the account is there.
//
// Reference page: https://help.aliyun.com/document_detail/127091.html
func (c *Client) CreateAntChainAccount(
	ctx context.Context, req *CreateAntChainAccountRequest, opts ...CallOption,
) (*CreateAntChainAccountResponse, error) {
	r, err := invoke(ctx, c, createAccount, req, opts)
	return (*CreateAntChainAccountResponse)(r), err
}

// CreateAntChainAccountWithKeyPairAutoCreation makes an account on a blockchain
// together with its keys, and hands both private keys over in this reply only.
//
// It is not read-only, and every promise of
// ApplyAntChainCertificateWithKeyAutoCreation is one of this method, too: at most
// one account a call, its errors, and that a key in a broken reply is returned.
// A reply with only one of the keys is returned with the other empty, and a
// warning is logged: check both.
//
// Reference page: https://help.aliyun.com/document_detail/127093.html
func (c *Client) CreateAntChainAccountWithKeyPairAutoCreation(
	ctx context.Context, req *CreateAntChainAccountWithKeyPairAutoCreationRequest, opts ...CallOption,
) (*CreateAntChainAccountWithKeyPairAutoCreationResponse, error) {
	r, err := invoke(ctx, c, createAccountWithKeys, req, opts)
	return (*CreateAntChainAccountWithKeyPairAutoCreationResponse)(r), err
}
