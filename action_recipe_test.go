package baas_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// recipeCaller calls the action that the recipe adds, as a user does.
const recipeCaller = `package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/antchain-go/baas"
)

func main() {
	client, err := baas.NewClient(baas.WithEndpoint(os.Args[1]), baas.WithRegion("cn-shanghai"),
		baas.WithAccessKey("testid", "testsecret"), baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1}))
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	resp, err := client.FreezeAntChainAccount(ctx, &baas.FreezeAntChainAccountRequest{AntChainID: "1q8B5R9p", Account: "alice"})
	fmt.Println(resp.RequestID, resp.Result, err)
	_, err = client.FreezeAntChainAccount(ctx, &baas.FreezeAntChainAccountRequest{})
	fmt.Println(err)
	_, err = client.FreezeAntChainAccount(ctx, &baas.FreezeAntChainAccountRequest{AntChainID: "1q8B5R9p", Account: "alice"})
	fmt.Println(errors.Is(err, baas.ErrOutcomeUnknown))
	err = client.Do(ctx, baas.Operation{Action: "FreezeAntChainAccount", ReadOnly: true}, nil)
	fmt.Println(err)
}
`

// TestRecipeAddsAnAction follows the recipe of docs/architecture.md: the file
// that the page shows is all that is added to the package. It is laid over the
// package for one build, so that Client has no such method otherwise.
func TestRecipeAddsAnAction(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/architecture.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "```go\npackage baas\n")
	require.True(t, found, "the page shows a file of the package")
	recipe, _, _ := strings.Cut(rest, "```")

	dir := t.TempDir()
	root, err := os.Getwd()
	require.NoError(t, err)
	replace := map[string]string{}
	for name, text := range map[string]string{
		"freeze_account.go":             "package baas\n" + recipe,
		"internal/recipecaller/main.go": recipeCaller,
	} {
		path := filepath.Join(dir, filepath.Base(name))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		replace[filepath.Join(root, filepath.FromSlash(name))] = path
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	overlayFile := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, overlay, 0o600))

	var forms []url.Values
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		forms = append(forms, r.Form)
		if len(forms) == 1 {
			_, _ = w.Write([]byte(`{"RequestId":"REQ-1","Result":"success"}`))
		} else {
			_, _ = w.Write([]byte(`<html>`))
		}
	}))
	defer endpoint.Close()
	out, err := exec.CommandContext(t.Context(), "go", "run", "-overlay", overlayFile, "./internal/recipecaller", endpoint.URL).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, []string{
		"REQ-1 success <nil>",
		"baas: FreezeAntChainAccount: invalid request: AntChainID is required, Account is required",
		"true",
		"baas: FreezeAntChainAccount: invalid request: ReadOnly is set, and FreezeAntChainAccount changes something",
	}, strings.Split(strings.TrimSpace(string(out)), "\n"))

	require.Len(t, forms, 2, "nothing else is sent")
	for name, value := range map[string]string{
		"Action": "FreezeAntChainAccount", "AntChainId": "1q8B5R9p", "Account": "alice", "RegionId": "cn-shanghai",
	} {
		require.Equal(t, value, forms[0].Get(name), name)
	}
}
