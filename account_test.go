package baas_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

const actionAccount = "CreateAntChainAccountWithKeyPairAutoCreation"

const recoverPassword = "Rückgewinnung+/%&=~*恢复"

func newAccountRequest() *baas.CreateAntChainAccountWithKeyPairAutoCreationRequest {
	return &baas.CreateAntChainAccountWithKeyPairAutoCreationRequest{
		AntChainID: "1q8B5R9p", Account: "ledger", Password: password, RecoverPassword: recoverPassword,
	}
}

// accountKey is a private key of PEM, with another content for each name.
func accountKey(name string) string {
	return "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + strings.Repeat(name, 10) + "\n-----END ENCRYPTED PRIVATE KEY-----\n"
}

var accountKeys = baas.AccountKeys{
	Account: "ledger", AntChainID: "1q8B5R9p",
	AccountPublicKey: "0a", AccountPrivateKey: accountKey("PRIV"),
	AccountRecoverPublicKey: "0b", AccountRecoverPrivateKey: accountKey("RECOVER"),
}

// TestAccountKeysAreHandedOverOnce: what holds a key is success, however broken
// it is, and what may have made an account is in doubt.
func TestAccountKeysAreHandedOverOnce(t *testing.T) {
	t.Parallel()
	private, recovery := quote(accountKeys.AccountPrivateKey), quote(accountKeys.AccountRecoverPrivateKey)
	both := `{"Account":"ledger","AccountPublicKey":"0a","AccountPrivateKey":` + private +
		`,"AccountRecoverPublicKey":"0b","AccountRecoverPrivateKey":` + recovery + `,"AntChainId":"1q8B5R9p"}`
	onlyPrivate := baas.AccountKeys{Account: "ledger", AccountPublicKey: "0a", AccountPrivateKey: accountKeys.AccountPrivateKey}
	noChain := accountKeys
	noChain.AntChainID = ""
	for name, c := range map[string]struct {
		path roundTripper
		want baas.AccountKeys // none: in doubt
	}{
		"documented": {answering(200, `{"successResponse":true,"requestId":"R","code":"200","data":{"RequestId":"R","Result":`+both+`}}`), accountKeys},
		"flat":       {answering(200, `{"RequestId":"R","Result":`+both+`}`), accountKeys},
		"V2":         {answering(200, `{"RequestId":"R","Success":true,"Code":"OK","Result":`+both+`}`), accountKeys},
		`\n in the place of line breaks`: {
			answering(200, strings.ReplaceAll(`{"RequestId":"R","Result":`+both+`}`, `\n`, `\\n`)), accountKeys,
		},
		"both in a failure":        {answering(500, `{"RequestId":"R","Code":"InternalError","Result":`+both+`}`), accountKeys},
		"both in another envelope": {answering(200, `{"Reply":[`+both+`]}`), accountKeys},
		"cut off behind both":      {cutOff(`{"RequestId":"R","Result":` + strings.TrimSuffix(both, `"1q8B5R9p"}`)), noChain},
		"cut off in the second key": {cutOff(`{"RequestId":"R","Result":` + both[:strings.Index(both, "RECOVERRECOVER")]), baas.AccountKeys{
			Account: "ledger", AccountPublicKey: "0a", AccountPrivateKey: accountKeys.AccountPrivateKey, AccountRecoverPublicKey: "0b",
		}},
		"only one of the keys": {
			answering(200, `{"RequestId":"R","Result":{"Account":"ledger","AccountPublicKey":"0a","AccountPrivateKey":`+private+`}}`), onlyPrivate,
		},
		"only the other key": {
			answering(200, `{"RequestId":"R","Result":{"AccountRecoverPrivateKey":`+recovery+`}}`),
			baas.AccountKeys{AccountRecoverPrivateKey: accountKeys.AccountRecoverPrivateKey},
		},
		"a member of another type beside them": {
			answering(200, `{"RequestId":"R","Result":{"Account":{"Name":"ledger"},"AntChainId":7,"AccountPrivateKey":`+private+`,"AccountRecoverPrivateKey":`+recovery+`}}`),
			baas.AccountKeys{AntChainID: "7", AccountPrivateKey: accountKeys.AccountPrivateKey, AccountRecoverPrivateKey: accountKeys.AccountRecoverPrivateKey},
		},
		"cut off in the first key": {path: cutOff(`{"RequestId":"R","Result":` + both[:strings.Index(both, "PRIVPRIV")])},
		"no key":                   {path: answering(200, `{"RequestId":"R","Result":{"Account":"ledger","AntChainId":"a"}}`)},
		"reset":                    {path: failing(func(string) error { return io.ErrUnexpectedEOF })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			client := newClient(t, c.path, baas.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			resp, err := client.CreateAntChainAccountWithKeyPairAutoCreation(t.Context(), newAccountRequest())
			if reflect.ValueOf(c.want).IsZero() {
				require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
				for _, text := range everyText(err) {
					requireNoSecret(t, text, recoverPassword)
				}
			} else {
				require.NoError(t, err)
				require.Equal(t, c.want, resp.Result)
				salvaged := c.want != accountKeys || strings.HasPrefix(name, "both")
				if !strings.HasPrefix(name, "a member") {
					require.Equal(t, salvaged, strings.Contains(log.String(), "salvaged"), log.String())
				}
			}
			requireNoSecret(t, log.String(), recoverPassword, "PRIVPRIV", "RECOVERRECOVER")
		})
	}
}

// TestAccountPasswordsDoNotLeak greps every error of every failing path.
func TestAccountPasswordsDoNotLeak(t *testing.T) {
	t.Parallel()
	for name, path := range leakyPaths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			client := newClient(t, path, baas.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			_, err := client.CreateAntChainAccountWithKeyPairAutoCreation(t.Context(), newAccountRequest())
			require.Error(t, err)
			for _, text := range append(everyText(err), log.String()) {
				requireNoSecret(t, text, recoverPassword, keyPEM[30:60])
			}
		})
	}
	t.Run("Do", func(t *testing.T) {
		t.Parallel()
		op := baas.Operation{Action: actionAccount, Params: url.Values{"RecoverPassword": {recoverPassword}, "Password": {password}}}
		requireNoSecret(t, everyFormat(&op), recoverPassword)
		err := newClient(t, leakyPaths["message"]).Do(t.Context(), op, nil)
		for _, text := range everyText(err) {
			requireNoSecret(t, text, recoverPassword)
		}
	})
}

// secretValues are values with secrets in every type of this file's that has
// some, and what they show.
func secretValues() map[string]struct {
	value any
	shows string
} {
	path := baas.DownloadPath{CACrtURL: "http://h/ca.crt?Signature=s", SDKURL: "http://h/page"}
	req := newAccountRequest()
	resp := baas.CreateAntChainAccountWithKeyPairAutoCreationResponse{RequestID: "REQ", Result: accountKeys}
	paths := baas.DescribeAntChainDownloadPathsResponse{RequestID: "REQ", Result: path}
	pathsV2 := baas.DescribeAntChainDownloadPathsV2Response{RequestID: "REQ", Result: path}
	type values = map[string]struct {
		value any
		shows string
	}
	return values{
		"request": {*req, "ledger"}, "*request": {req, "1q8B5R9p"}, "requests": {[]any{*req, req}, "ledger"},
		"response": {resp, "REQ"}, "*response": {&resp, "1q8B5R9p"},
		"keys": {accountKeys, "0b"}, "*keys": {&accountKeys, "ledger"},
		"paths": {paths, "http://h/ca.crt?[REDACTED]"}, "*paths": {&paths, "REQ"},
		"paths V2": {pathsV2, "http://h/ca.crt?[REDACTED]"}, "*paths V2": {&pathsV2, "http://h/page"},
	}
}

func TestSecretsOfOtherActionsAreNotShown(t *testing.T) {
	t.Parallel()
	for name, v := range secretValues() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, verb := range "vTtbcoOqxXUeEfFgGsdz" {
				for _, flags := range []string{"", "+", "#", "-30.2"} {
					fmt.Fprintf(&b, "%"+flags+string(verb)+"\n", v.value)
				}
			}
			fmt.Fprintf(&b, noVerb, v.value)
			slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v.value)
			slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v.value)
			requireNoSecret(t, b.String(), recoverPassword, "PRIVPRIV", "RECOVERRECOVER")
			require.Contains(t, b.String(), v.shows)
			if redacted := reflect.ValueOf(v.value).MethodByName("Redacted"); redacted.IsValid() {
				text := marshal(t, redacted.Call(nil)[0].Interface())
				requireNoSecret(t, text, recoverPassword, "PRIVPRIV", "RECOVERRECOVER")
			} else {
				require.Equal(t, "requests", name)
			}
		})
	}
	t.Run("Redacted shows what is missing", func(t *testing.T) {
		require.Zero(t, baas.AccountKeys{}.Redacted())
		r := newAccountRequest().Redacted()
		require.Equal(t, []string{"[REDACTED]", "[REDACTED]"}, []string{r.Password, r.RecoverPassword})
		require.Equal(t, "[REDACTED]", accountKeys.Redacted().AccountRecoverPrivateKey)
	})
	t.Run("JSON keeps the keys", func(t *testing.T) {
		var back baas.AccountKeys
		require.NoError(t, json.Unmarshal([]byte(marshal(t, accountKeys)), &back))
		require.Equal(t, accountKeys, back)
	})
}

// TestEveryRequestWithASecret: no type of a request that has a secret parameter
// shows it, in any way that a method or a tag can prevent.
func TestEveryRequestWithASecret(t *testing.T) {
	t.Parallel()
	const secret = "geheim+/%&=~*密"
	found := 0
	for action, m := range typedMethods(t, newClient(t, answering(200, ""))) {
		req := reflect.New(m.request)
		for i := range m.request.NumField() {
			if strings.HasSuffix(m.request.Field(i).Tag.Get("rpc"), ",secret") {
				req.Elem().Field(i).SetString(secret)
				found++
			}
		}
		if req.Elem().IsZero() {
			require.NotContains(t, fmt.Sprint(m.request), "assword", action)
			continue
		}
		requireNoSecret(t, everyFormat(req.Interface()), secret)
		for _, v := range []any{req.Interface(), req.Elem().Interface()} {
			requireNoSecret(t, fmt.Sprintf("%v %+v %#v %s %q %x", v, v, v, v, v, v), secret)
			x, err := xml.Marshal(v)
			require.NoError(t, err)
			requireNoSecret(t, string(x), secret)
			var b bytes.Buffer
			require.NoError(t, gob.NewEncoder(&b).Encode(v))
			requireNoSecret(t, b.String(), secret)
			require.NoError(t, gob.NewDecoder(&b).Decode(reflect.New(m.request).Interface()))
		}
		for i := range m.request.NumField() {
			if f := m.request.Field(i); strings.HasSuffix(f.Tag.Get("rpc"), ",secret") {
				for _, encoding := range []string{"json", "xml", "yaml", "toml", "msgpack"} {
					require.Equal(t, "-", f.Tag.Get(encoding), f.Name)
				}
			} else {
				require.NotContains(t, f.Name, "Password")
			}
		}
	}
	require.Equal(t, 3, found)
}

// TestAccountRequest: the passwords go into the body, and an optional
// one that is empty is left out.
func TestAccountRequest(t *testing.T) {
	t.Parallel()
	var form url.Values
	client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		require.NoError(t, r.ParseForm())
		require.False(t, r.URL.Query().Has("Password"))
		form = r.PostForm
		return answering(200, `{"RequestId":"R","Result":`+marshal(t, accountKeys)+`}`)(r)
	}))
	req := newAccountRequest()
	req.RecoverPassword = ""
	_, err := client.CreateAntChainAccountWithKeyPairAutoCreation(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, url.Values{
		"AntChainId": {"1q8B5R9p"}, "Account": {"ledger"}, "Password": {password}, "RegionId": {"cn-hangzhou"},
	}, form)
}
