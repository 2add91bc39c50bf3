package subject_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/internal/subject"
)

// record is a name as identity.Record has it.
func record(v map[string]string) string {
	return fmt.Sprintf("CN=%s, OU=%s, O=%s, L=%s, ST=%s, C=%s", v["CN"], v["OU"], v["O"], v["L"], v["ST"], v["C"])
}

func TestAgain(t *testing.T) {
	t.Parallel()
	require.Equal(t, "CN=trial,OU=a unit,O=an organization,L=Hangzhou,ST=Zhejiang,C=CN",
		subject.Again("CN=trial, OU=a unit, O=an organization, L=Hangzhou, ST=Zhejiang, C=CN"))
	for _, value := range []string{"R&D, Inc.", "#a", " a ", "a  ", " ", `a\`, `\ `, `a"b`, "a;b<c>+d=e", "蚂蚁", ",", "a, b", "a,OU=b"} {
		for _, name := range []string{"CN", "OU", "C"} {
			want := map[string]string{"CN": "a", "OU": "b", "O": "c", "L": "d", "ST": "e", "C": "CN"}
			want[name] = value
			got, err := subject.Parse(subject.Again(record(want)))
			require.NoError(t, err, value)
			require.Equal(t, want, got)
		}
	}
	for _, name := range []string{
		"", "CN=a", "CN=a, OU=b, O=, L=d, ST=e, C=CN", "CN=a, OU=x, OU=b, O=c, L=d, ST=e, C=CN", "CN=a, OU=b, O=c, L=d, ST=e, C=C\nN",
	} {
		require.Empty(t, subject.Again(name), name)
	}
}
