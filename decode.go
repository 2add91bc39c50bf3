package baas

import "github.com/antchain-go/baas/internal/lenient"

// The types below read what the service sends, as the typed methods do, also
// when encoding/json or Do reads into them: times in milliseconds, numbers as
// strings and the reverse, lists under one more level, nodes as JSON in strings.
// They read as well what encoding/json has made of them.

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *CertificateApplication) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *CertificateApplicationsResult) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainCertificateApplicationsResponse) UnmarshalJSON(b []byte) error {
	return lenient.Unmarshal(b, v)
}

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainCertificateApplicationsV2Response) UnmarshalJSON(b []byte) error {
	return lenient.Unmarshal(b, v)
}

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *AntChain) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *ChainsResult) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *ChainInformation) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *NodeInfo) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainsResponse) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainsV2Response) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainInformationResponse) UnmarshalJSON(b []byte) error {
	return lenient.Unmarshal(b, v)
}

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainInformationV2Response) UnmarshalJSON(b []byte) error {
	return lenient.Unmarshal(b, v)
}

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *Account) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *AccountsResult) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainAccountsResponse) UnmarshalJSON(b []byte) error {
	return lenient.Unmarshal(b, v)
}

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainAccountsV2Response) UnmarshalJSON(b []byte) error {
	return lenient.Unmarshal(b, v)
}

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *AntConsortium) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *ConsortiumsResult) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainConsortiumsResponse) UnmarshalJSON(b []byte) error {
	return lenient.Unmarshal(b, v)
}

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainConsortiumsV2Response) UnmarshalJSON(b []byte) error {
	return lenient.Unmarshal(b, v)
}

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *Member) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *MembersResult) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainMembersResponse) UnmarshalJSON(b []byte) error {
	return lenient.Unmarshal(b, v)
}

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainMembersV2Response) UnmarshalJSON(b []byte) error {
	return lenient.Unmarshal(b, v)
}

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *Node) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *Endpoint) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainNodesResponse) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *DescribeAntChainNodesV2Response) UnmarshalJSON(b []byte) error {
	return lenient.Unmarshal(b, v)
}

// UnmarshalJSON reads what the service sends, and what encoding/json made of it.
func (v *Pagination) UnmarshalJSON(b []byte) error { return lenient.Unmarshal(b, v) }
