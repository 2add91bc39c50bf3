package baas

// ApplyAntChainCertificateWithKeyAutoCreationRequest says for which chain and
// for whom a certificate is applied for. All fields except RegionID are required;
// beyond that the service is the judge of them.
//
// Printed, logged or encoded, it shows every field except Password. What no type
// can prevent stands with Redacted.
type ApplyAntChainCertificateWithKeyAutoCreationRequest struct {
	AntChainID   string `rpc:"AntChainId,required"`   // ID of the blockchain, such as "1q8B5R9p"
	ConsortiumID string `rpc:"ConsortiumId,required"` // ID of the consortium that the chain belongs to, such as "DV80nJXq"

	// The subject of the certificate. The Chinese reference page has the labels
	// of CountryName and LocalityName swapped: the country goes into CountryName.
	CommonName           string `rpc:"CommonName,required"`           // CN
	CountryName          string `rpc:"CountryName,required"`          // C, a two-letter code
	StateOrProvinceName  string `rpc:"StateOrProvinceName,required"`  // ST
	LocalityName         string `rpc:"LocalityName,required"`         // L, the city
	OrganizationName     string `rpc:"OrganizationName,required"`     // O
	OrganizationUnitName string `rpc:"OrganizationUnitName,required"` // OU

	// Password is what the service encrypts the private key with. It is never
	// printed, logged, marshaled or put into an error.
	Password string `rpc:"Password,required,secret" json:"-" xml:"-" yaml:"-" toml:"-" msgpack:"-"`

	// RegionID is an optional parameter, such as "cn-hangzhou"; by default the
	// client's region. It never selects the host that is called: see WithRegion.
	RegionID string `rpc:"RegionId"`
}

// ApplyAntChainCertificateWithKeyAutoCreationResponse is the answer to an
// application.
//
// Printed or logged, it shows everything except the private key and the queries
// of the links. encoding/json keeps both, so that a reply can be stored: give
// Redacted to a logger that encodes.
type ApplyAntChainCertificateWithKeyAutoCreationResponse struct {
	RequestID string `json:"RequestId"` // what the service's support asks for
	Result    CertificateResult
}

// A CertificateResult is what an application yields.
type CertificateResult struct {
	// PrivateKey is the private key in PEM, as a rule an ENCRYPTED PRIVATE
	// KEY. It is handed over once: store it before anything else.
	PrivateKey string

	// DownloadPath says where the certificates are. It is empty, or lacks
	// some links, if the reply was cut off after the key; the links can be
	// had again from DescribeAntChainDownloadPaths.
	DownloadPath DownloadPath
}

// DownloadPath holds the links to the files of a TLS identity. They are signed
// and expire soon: whoever has one can use it, so their queries are not shown
// when it is printed or logged.
type DownloadPath struct {
	CACrtURL     string `json:"CaCrtUrl"`     // ca.crt: the CA of the chain, PEM
	ClientCrtURL string `json:"ClientCrtUrl"` // client.crt: the certificate, PEM
	SDKURL       string `json:"SdkUrl"`       // the chain's SDK, or a page about it
	TrustCAURL   string `json:"TrustCaUrl"`   // trustCa: the CA in a Java key store
}
