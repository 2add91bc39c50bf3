package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLiveNamesEveryMissingVariableAtOnce(t *testing.T) {
	for _, name := range liveVariables {
		t.Setenv(name, "")
	}
	t.Setenv("CONSORTIUM_ID", "DV80nJXq")
	status, stdout, stderr := quickstart(t.Context(), "-live")
	require.Equal(t, exitUsage, status)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET, ANTCHAIN_ID, ANTCHAIN_KEY_PASSWORD")
	require.NotContains(t, stderr, "CONSORTIUM_ID")
}

func TestUsage(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"help":                 {[]string{"-help"}, exitOK, "-live"},
		"unknown flag":         {[]string{"-nonsense"}, exitUsage, "-nonsense"},
		"an argument too many": {[]string{"live"}, exitUsage, `unexpected argument "live"`},
		"no folder":            {[]string{"-out", ""}, exitUsage, "-out"},
		"a node without -live": {[]string{"-node", "192.0.2.1:18130"}, exitUsage, "-node needs -live"},
		"a node without port":  {[]string{"-live", "-node", "192.0.2.1"}, exitUsage, "not host:port"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := quickstart(t.Context(), c.args...)
			require.Equal(t, c.status, status)
			require.Empty(t, stdout)
			require.Contains(t, stderr, c.says)
		})
	}
}

func TestDemoPasswordIsTheSameInEveryRun(t *testing.T) {
	none := func(string) string { return "" }
	s, err := parse(nil, none, nil)
	require.NoError(t, err)
	require.Equal(t, demoPassword, s.request.Password)

	s, err = parse(nil, func(string) string { return "mine" }, nil)
	require.NoError(t, err)
	require.Equal(t, "mine", s.request.Password)
}
