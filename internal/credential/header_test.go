package credential

import (
	"errors"
	"testing"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/stretchr/testify/require"
)

// TestSent: what no header can hold is refused where it would be sent in one.
func TestSent(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	for name, tt := range map[string]struct {
		model credentials.CredentialModel
		fault string
	}{
		"an access key":             {credentials.CredentialModel{AccessKeyId: text("i"), AccessKeySecret: text("s\n")}, ""},
		"a line break in its ID":    {credentials.CredentialModel{AccessKeyId: text("i\n"), AccessKeySecret: text("s")}, "access key ID"},
		"a line break in its token": {credentials.CredentialModel{AccessKeyId: text("i"), AccessKeySecret: text("s"), SecurityToken: text("t\n")}, "security token"},
		"a bearer token":            {credentials.CredentialModel{BearerToken: text("b"), AccessKeyId: text("i\n"), SecurityToken: text("t\n")}, ""},
		"a line break in that":      {credentials.CredentialModel{BearerToken: text("b\n")}, "bearer token"},
	} {
		source, _ := Of(&stub{answer: func() (*credentials.CredentialModel, error) { return &tt.model, nil }})
		_, err := Sent(source, false).Get(t.Context())
		require.NoError(t, err, name)
		creds, err := Sent(source, true).Get(t.Context())
		if tt.fault == "" {
			require.NoError(t, err, name)
			continue
		}
		require.Empty(t, creds, name)
		require.EqualError(t, err, `no credentials from provider "*credential.stub" that signature version 3 can send: the `+tt.fault+
			" has characters that a header cannot hold, such as the line break of a file that it was read from", name)
	}
	broken := errors.New("broken")
	source, _ := Of(&stub{answer: func() (*credentials.CredentialModel, error) { return nil, broken }})
	_, err := Sent(source, true).Get(t.Context())
	require.EqualError(t, err, `no credentials from provider "*credential.stub"`)
}
