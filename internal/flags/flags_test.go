package flags

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"
)

func TestFlags(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a", Text("a", "b").Name)
	require.Equal(t, []string{"a"}, Yes("a", "b").Names())
	require.True(t, Must("a", "b").(cli.RequiredFlag).IsRequired())
	require.False(t, Text("a", "b").IsRequired())
	f := Choice("a", "b", "one", "two")
	require.Equal(t, "one", f.Value)
	require.NoError(t, f.Validator("two"))
	require.EqualError(t, f.Validator("x"), `"x" is none of one, two`)
}

func TestGiven(t *testing.T) {
	t.Parallel()
	var got []string
	app := &cli.Command{Name: "app", Flags: []cli.Flag{Text("a", ""), Text("b", "")}, Commands: []*cli.Command{{
		Name: "do", Flags: []cli.Flag{Choice("c", "", "x", "y")},
		Action: func(_ context.Context, cmd *cli.Command) error { got = Given(cmd, "a", "b", "c", "d"); return nil },
	}}}
	require.NoError(t, app.Run(t.Context(), []string{"app", "--b", "1", "do"}))
	require.Equal(t, []string{"--b", "1"}, got)
}

func TestPeriod(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"": 0, "0d": 0, "30d": 720 * time.Hour, "12h": 12 * time.Hour, "1h30m": 90 * time.Minute, "65535d": 65535 * 24 * time.Hour,
	} {
		got, err := Period(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"soon", "30", "-5h", "-1d", "1d12h", "65536d", "d"} {
		_, err := Period(text)
		require.ErrorContains(t, err, "is not a time such as 30d or 12h", text)
	}
}
