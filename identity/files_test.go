package identity

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	r := Record{
		State: Complete, Chain: "c", Holder: "h", Since: time.Unix(1, 0).UTC(), unknown: map[string]json.RawMessage{"New": []byte("1")},
		Bundle: certbundle.Bundle{PrivateKey: []byte("k"), ClientCert: []byte("c"), CACert: []byte("a"), TrustStore: []byte("t")},
	}
	files, err := r.Files()
	require.NoError(t, err)
	require.Len(t, files, 5)
	for name, data := range map[string]string{"client.key": "k", "client.crt": "c", "ca.crt": "a", "trustCa": "t"} {
		require.Equal(t, data, string(files[name]))
	}
	var bare Record
	require.NoError(t, json.Unmarshal(files["identity.json"], &bare))
	want := r
	want.Bundle = certbundle.Bundle{}
	require.True(t, bare.equal(want), "and members that this version does not know")
	require.NotEmpty(t, r.Bundle.PrivateKey, "r is unchanged")

	r.Bundle.TrustStore = nil
	files, err = r.Files()
	require.NoError(t, err)
	require.NotContains(t, files, "trustCa")
}
